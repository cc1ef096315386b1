// Pipes and terminals, which can be read once, made files that can be read again.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloister::feeds {

// Holds what came through a pipe in a file without a name, in TMPDIR or /tmp, until it is
// destroyed. Not thread-safe.
class SpooledInput {
 public:
  explicit SpooledInput(std::string path) : path_(std::move(path)) {}
  ~SpooledInput();
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;

  // A path that can be opened any number of times: the given one unless that is a pipe, a terminal
  // or a socket, which is then read to its end first. ResourceExhausted if there is no room.
  absl::StatusOr<std::string> Path();

 private:
  absl::Status Spool();

  const std::string path_;
  int file_ = -1;
  absl::Status status_;  // of the one time that a pipe is read
};

}  // namespace cloister::feeds
