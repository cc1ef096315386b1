// What cloister-sync is asked to do.

#pragma once

#include <memory>
#include <optional>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace cloister::worker {

struct CommandLine {
  std::string config;
  bool once = false;
  bool check_config = false;
  bool status = false;
  bool json = false;  // of the status
};

// Prints help, version or a mistake itself; `*exit_code` is then what to end with, and nothing is
// returned.
std::optional<CommandLine> ReadCommandLine(int argc, char** argv, int* exit_code);

// What the command line understands, for manual pages and completion; nothing is parsed with it.
std::shared_ptr<const CLI::App> DescribeCommandLine();

}  // namespace cloister::worker
