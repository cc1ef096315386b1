// The commands, a file each. Each function adds one to the command line; when it is chosen while
// the command line is parsed, it becomes session->command.

#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "client-sdk/cli/session.h"

namespace cloister::cli {

void AddLookup(CLI::App* app, Session* session);
void AddUrls(CLI::App* app, Session* session);
void AddExplain(CLI::App* app, Session* session);
void AddStatus(CLI::App* app, Session* session);
void AddFeeds(CLI::App* app, Session* session);
void AddVerify(CLI::App* app, Session* session);
void AddOverride(CLI::App* app, Session* session);
void AddAudit(CLI::App* app, Session* session);
void AddBundle(CLI::App* app, Session* session);

// Parses the command line and runs the command. Returns the exit code of the process.
int Run(int argc, const char* const* argv, Session* session);

// What the command line understands, for manual pages and completion; nothing is parsed with it.
std::shared_ptr<const CLI::App> DescribeCommandLine();

}  // namespace cloister::cli
