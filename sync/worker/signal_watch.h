// Turns SIGTERM and SIGINT into a StopFlag.

#pragma once

#include <thread>

#include "sync/worker/stop_flag.h"

namespace cloister::worker {

// Blocks both signals in the calling thread and in all that it starts later, so create it before
// any of those. Destruction sets the flag, too.
class SignalWatch {
 public:
  // `stop` must outlive it.
  explicit SignalWatch(StopFlag* stop);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  void Watch();

  StopFlag* stop_;
  int signals_;  // signalfd
  std::thread thread_;
};

}  // namespace cloister::worker
