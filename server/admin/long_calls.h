// Threads for calls that take long, so that no lookup waits behind one of them on gRPC's threads.

#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace cloister::server {

// Thread-safe.
class LongCalls {
 public:
  LongCalls(size_t threads, size_t max_waiting);
  LongCalls(const LongCalls&) = delete;
  LongCalls& operator=(const LongCalls&) = delete;
  // Runs what waits still, and waits for it.
  ~LongCalls();

  // Runs `call` on one of the threads. False, without running it, if `max_waiting` wait already.
  bool Run(std::function<void()> call);

 private:
  void Work();

  const size_t max_waiting_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // last, so that they start when all else is there
};

// What a call is told for which there is no room.
absl::Status TooManyLongCalls();

// Names of what may be done by one caller at a time. Thread-safe.
class BusyNames {
 public:
  // False if it is busy already.
  bool Enter(absl::string_view name);
  void Leave(absl::string_view name);

 private:
  absl::Mutex mutex_;
  std::set<std::string> names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cloister::server
