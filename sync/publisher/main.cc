// cloister-publish: turns feeds into signed repositories.

#include <sys/prctl.h>
#include <unistd.h>

#include <iostream>

#include "absl/time/clock.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/cli/commands.h"

namespace {

using cloister::publisher::Console;
using cloister::publisher::kExitFailure;
using cloister::publisher::kExitOk;
using cloister::publisher::ParseArguments;
using cloister::publisher::ParseOutcome;

}  // namespace

int main(int argc, char** argv) {
  // Private keys and passphrases go into no core file, and to no debugger of the same user.
  prctl(PR_SET_DUMPABLE, 0);
  const ParseOutcome outcome = ParseArguments(argc, argv);
  if (!outcome.arguments.has_value()) return outcome.exit_code;

  const Console console{std::cout, std::cerr, isatty(STDERR_FILENO) == 1, absl::Now()};
  const absl::Status status = outcome.arguments->run(*outcome.arguments, console);
  std::cout.flush();
  if (status.ok()) return std::cout.good() ? kExitOk : kExitFailure;
  std::cerr << "cloister-publish: " << status.message() << "\n";
  return kExitFailure;
}
