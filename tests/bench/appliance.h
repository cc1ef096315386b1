// What is measured: a feed, and a cloisterd that serves it.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/feed_builder.h"
#include "tests/bench/server_under_test.h"
#include "tests/support/temporary_directory.h"

namespace cloister::bench {

// Not thread-safe.
class Appliance {
 public:
  // Works in `directory`, which must exist; `program` is cloisterd.
  static absl::StatusOr<std::unique_ptr<Appliance>> Create(const std::string& program,
                                                           const std::string& directory);

  // Starts the server with the data that it has, in place of one that runs.
  absl::Status Start(Transport transport);
  absl::Status Stop();

  // Hands over what the feed has prepared; seconds until `digest` of it is listed.
  absl::StatusOr<double> TimeToLive(const reputation::Digest& digest);
  // Asks until `digest` is listed.
  absl::Status WaitUntilListed(const reputation::Digest& digest) const;

  // An echo that is reached as the server is, with `answers`.
  absl::StatusOr<std::unique_ptr<ServerProcess>> StartEcho(const std::vector<std::string>& answers,
                                                           bool batch) const;

  FeedBuilder& feed() { return *feed_; }
  const ServerProcess& server() const { return *server_; }
  std::string DataDirectory() const { return directory_ + "/server/data"; }

 private:
  Appliance(std::string program, std::string directory)
      : program_(std::move(program)), directory_(std::move(directory)) {}

  Listening ListeningAt(const std::string& socket) const;

  const std::string program_;
  const std::string directory_;
  const testing::TemporaryDirectory sockets_;  // their paths must be short
  TlsFiles tls_;
  Transport transport_ = Transport::kTcp;
  std::unique_ptr<FeedBuilder> feed_;
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace cloister::bench
