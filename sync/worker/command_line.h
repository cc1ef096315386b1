// What cloister-sync is asked to do.

#pragma once

#include <optional>
#include <string>

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

}  // namespace cloister::worker
