// The commands below "override" that have files of their own.

#pragma once

#include <CLI/App.hpp>

#include "client-sdk/cli/session.h"

namespace cloister::cli {

void AddOverrideDelete(CLI::App* command, Session* session);
void AddOverrideImport(CLI::App* command, Session* session);
void AddOverrideExport(CLI::App* command, Session* session);

}  // namespace cloister::cli
