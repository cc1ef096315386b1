// All feeds of a configuration.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "sync/worker/configuration.h"
#include "sync/worker/stop_flag.h"

namespace cloister::worker {

// Keeps a second cloister-sync away from the same state, which two could only damage. Held until
// destruction.
class StateLock {
 public:
  // FailedPrecondition, naming the directory, if another process holds it.
  static absl::StatusOr<StateLock> Take(const std::string& state_directory);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) = delete;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_;
};

// Looks at every feed once, one after the other, and prints a line for each on standard output.
// Returns whether all went well.
bool RunAllOnce(const Configuration& configuration, const StopFlag& stop);

// Looks at every feed at its own pace, each on a thread of its own, until `stop` is set, and
// keeps <state_directory>/status.json up to date.
void RunUntilStopped(const Configuration& configuration, const StopFlag& stop);

// Prints what status.json says about every configured feed. Returns what to end with: 0 if all is
// well, 1 if a feed failed last time, has nothing yet or only what has expired.
int PrintStatus(const Configuration& configuration, bool json);

}  // namespace cloister::worker
