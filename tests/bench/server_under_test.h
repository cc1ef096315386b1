// The real server as a child process, and the echo server as another.

#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/transport.h"
#include "tests/support/process.h"

namespace cloister::bench {

// Where a server listens.
struct Listening {
  Transport transport = Transport::kTcp;
  std::string socket = {};  // path, for kUnix: at most 107 bytes
  TlsFiles tls = {};        // for kMutualTls
};

// A server in a process of its own; ends with this object.
class ServerProcess {
 public:
  struct Options {
    std::string program;    // path of cloisterd
    std::string directory;  // for its configuration, data and log
    std::string spool_directory;
    std::string feed;
    std::string root;  // path of the feed's root metadata
    Listening listening = {};
  };
  struct EchoOptions {
    std::string directory;             // for its answers and address
    std::vector<std::string> answers;  // serialised
    bool batch = false;                // they are of BatchLookup
    Listening listening = {};
  };

  // cloisterd; a loopback port is the kernel's choice. Returns once it takes calls.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> StartCloisterd(const Options& options);

  // This program's own echo server.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> StartEcho(const EchoOptions& options);

  const Target& target() const { return target_; }
  pid_t pid() const { return process_->pid(); }

  // Asks it to end (SIGTERM) and waits.
  absl::Status Stop();

 private:
  ServerProcess(std::unique_ptr<testing::Process> process, const std::string& address,
                const Listening& listening);

  std::unique_ptr<testing::Process> process_;
  Target target_;
};

// What the echo process is told on its command line.
struct EchoProcessOptions {
  std::string answers_file;
  std::string address_file;
  bool batch = false;
  std::string socket;       // empty: a loopback port
  std::string certificate;  // empty: plaintext
  std::string key;
  std::string client_ca;
};

// What the echo process runs: serves until it is killed. Returns only on error.
absl::Status RunEchoProcess(const EchoProcessOptions& options);

}  // namespace cloister::bench
