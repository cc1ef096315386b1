// cloister-bundle: offline bundles of signed feeds.

#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <iostream>

#include "absl/time/clock.h"
#include "sync/bundle/cli/arguments.h"
#include "sync/bundle/cli/commands.h"

namespace {

namespace bundle = cloister::bundle;

absl::StatusOr<int> Run(const bundle::Arguments& arguments, const bundle::Console& console) {
  switch (arguments.command) {
    case bundle::Command::kCreate:
      return bundle::RunCreate(arguments, console);
    case bundle::Command::kInspect:
      return bundle::RunInspect(arguments, console);
    case bundle::Command::kVerify:
      return bundle::RunVerify(arguments, console);
    case bundle::Command::kDiff:
      return bundle::RunDiff(arguments, console);
  }
  return absl::InternalError("no such command");
}

}  // namespace

int main(int argc, char** argv) {
  // Protocol Buffers reports a header that it cannot parse on standard error; we report it, too.
  google::protobuf::SetLogHandler(nullptr);
  const bundle::ParseOutcome outcome = bundle::ParseArguments(argc, argv);
  if (!outcome.arguments.has_value()) return outcome.exit_code;
  const bundle::Console console{std::cout, std::cerr, isatty(STDERR_FILENO) == 1, absl::Now()};
  const absl::StatusOr<int> exit_code = Run(*outcome.arguments, console);
  std::cout.flush();
  if (exit_code.ok()) return std::cout.good() ? *exit_code : bundle::kExitRefused;
  std::cerr << "cloister-bundle: " << exit_code.status().message() << "\n";
  return absl::IsInvalidArgument(exit_code.status()) ? bundle::kExitUsage : bundle::kExitRefused;
}
