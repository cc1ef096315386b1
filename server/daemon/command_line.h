// What cloisterd is told on its command line.

#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/daemon/daemon.h"

namespace CLI {
class App;
}  // namespace CLI

namespace cloister::server {

struct CommandLine {
  std::string configuration = "/etc/cloister/cloisterd.toml";
  std::string address_file;   // where to write the addresses; empty: nowhere
  bool check_config = false;  // check and end
  int exit_code = -1;         // end at once with it, where it is not -1: all is said
};

// Reads the arguments; prints help, version or what is wrong with them.
CommandLine ParseCommandLine(int argc, const char* const* argv);

// What the command line understands, for manual pages and completion; nothing is parsed with it.
std::shared_ptr<const CLI::App> DescribeCommandLine();

// Writes {"grpc": "...", "metrics": "..."} to `path`, whole or not at all.
absl::Status WriteAddressFile(const std::string& path, const Daemon::Addresses& addresses);

}  // namespace cloister::server
