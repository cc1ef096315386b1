// Parts of the command `feeds`, a file each; private to this folder.

#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

#include "client-sdk/cli/session.h"

namespace cloister::cli {

// Prints what serving `version` would change.
ExitCode Diff(Session* session, const std::string& feed, uint64_t version);

// Adds accept, reject, rollback, pin and unpin.
void AddFeedDecisions(CLI::App* feeds, Session* session);

// Adds verify and rebuild.
void AddFeedSoundness(CLI::App* feeds, Session* session);

}  // namespace cloister::cli
