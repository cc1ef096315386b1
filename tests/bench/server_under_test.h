// The real server as a child process, and the echo server as another.

#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/support/process.h"

namespace cloister::bench {

// A server in a process of its own; ends with this object.
class ServerProcess {
 public:
  struct Options {
    std::string program;    // path of cloisterd
    std::string directory;  // for its configuration, data and log
    std::string spool_directory;
    std::string feed;
    std::string root;  // path of the feed's root metadata
  };

  // cloisterd on a loopback port without TLS. Returns once it takes calls.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> StartCloisterd(const Options& options);

  // This program's own echo server, answering with `answers`.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> StartEcho(
      const std::string& directory, const std::vector<std::string>& answers, bool batch);

  const std::string& address() const { return address_; }
  pid_t pid() const { return process_->pid(); }

  // Asks it to end (SIGTERM) and waits.
  absl::Status Stop();

 private:
  ServerProcess(std::unique_ptr<testing::Process> process, std::string address)
      : process_(std::move(process)), address_(std::move(address)) {}

  std::unique_ptr<testing::Process> process_;
  std::string address_;
};

// What the echo process runs: serves `answers_file` until it is killed. Returns only on error.
absl::Status RunEchoProcess(const std::string& answers_file, const std::string& address_file,
                            bool batch);

}  // namespace cloister::bench
