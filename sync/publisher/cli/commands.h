// The commands of cloister-publish, a file each: one function adds the command to the command line,
// another one carries it out, prints its outcome to `console`, and returns what went wrong, if
// anything did.

#pragma once

#include <CLI/App.hpp>
#include <ostream>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;  // progress is shown there
  absl::Time now;                // when the program was started
};

void AddKeysCommands(CLI::App* app, Arguments* arguments);
// keys add, rotate, revoke, threshold, apply, discard.
void AddRootChangeCommands(CLI::App* keys, Arguments* arguments);
void AddSignRoot(CLI::App* app, Arguments* arguments);
void AddInit(CLI::App* app, Arguments* arguments);
void AddPublish(CLI::App* app, Arguments* arguments);
void AddBuild(CLI::App* app, Arguments* arguments);
void AddCheck(CLI::App* app, Arguments* arguments);
void AddRun(CLI::App* app, Arguments* arguments);
void AddDelta(CLI::App* app, Arguments* arguments);
void AddRefreshTimestamp(CLI::App* app, Arguments* arguments);
void AddRenewRoot(CLI::App* app, Arguments* arguments);
void AddVerify(CLI::App* app, Arguments* arguments);
void AddStatus(CLI::App* app, Arguments* arguments);

absl::Status RunKeysCreate(const Arguments& arguments, const Console& console);
absl::Status RunKeysShow(const Arguments& arguments, const Console& console);
absl::Status RunInit(const Arguments& arguments, const Console& console);
absl::Status RunPublish(const Arguments& arguments, const Console& console);
absl::Status RunBuild(const Arguments& arguments, const Console& console);
absl::Status RunCheck(const Arguments& arguments, const Console& console);
absl::Status RunDaemon(const Arguments& arguments, const Console& console);
absl::Status RunDelta(const Arguments& arguments, const Console& console);
absl::Status RunRefreshTimestamp(const Arguments& arguments, const Console& console);
absl::Status RunRenewRoot(const Arguments& arguments, const Console& console);
absl::Status RunVerify(const Arguments& arguments, const Console& console);
absl::Status RunStatus(const Arguments& arguments, const Console& console);

// The repository's lifetimes, with those that the user stated in their place.
Lifetimes Combine(const Lifetimes& usual, const StatedLifetimes& stated);

}  // namespace cloister::publisher
