// Tells every thread, and every fetch under way, that it is time to end.

#pragma once

#include "absl/time/time.h"

namespace cloister::worker {

// Thread-safe.
class StopFlag {
 public:
  StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;
  ~StopFlag();

  void Set();
  // Waits until it is set, at most `timeout`; returns whether it is.
  bool WaitFor(absl::Duration timeout) const;

  // Readable once it is set. Owned by this object.
  int fd() const { return fd_; }

 private:
  int fd_;  // eventfd
};

}  // namespace cloister::worker
