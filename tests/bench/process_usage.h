// What a process costs, as the kernel counts it.

#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"

namespace cloister::bench {

// Processor time used so far by all its threads, in seconds. NotFound if there is no such process.
absl::StatusOr<double> ProcessorSeconds(pid_t pid);

// Anonymous memory in RAM, in bytes: heap and stacks, without mapped files.
absl::StatusOr<uint64_t> AnonymousBytes(pid_t pid);

// Processor time of client and server over a stretch of a run.
class UsageMeter {
 public:
  // `server`: 0 if it is no process of its own.
  explicit UsageMeter(pid_t server) : server_(server) {}

  void Start();
  void Stop();

  double client_s() const { return client_s_; }
  double server_s() const { return server_s_; }

 private:
  double Server() const;

  const pid_t server_;
  double client_s_ = 0;
  double server_s_ = 0;
};

}  // namespace cloister::bench
