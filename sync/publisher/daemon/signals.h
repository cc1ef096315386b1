// What the system tells a daemon by signals.

#pragma once

#include <thread>

#include "absl/time/time.h"

namespace cloister::publisher {

// SIGTERM and SIGINT end the program: fetches at once, through stop_fd(); and if it has not ended
// by itself within a second, in the middle of a build, the process ends there with exit code 0.
// That is safe, because nothing is visible before a timestamp is renamed into place, and what a run
// that broke off leaves is removed by the next one (publish.h). SIGHUP wakes whoever waits.
//
// Blocks the three signals in the calling thread and in all that it starts later, so create it
// before any of those, and once a process. WaitUntil is for one thread.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  enum class Wake { kTime, kReload, kStop };
  // Waits for a signal, at most until `time`, or until the clock was set back.
  Wake WaitUntil(absl::Time time);
  bool stopped() const;
  // Readable once the program shall end. Owned by this object.
  int stop_fd() const { return stop_; }

 private:
  void Watch();

  int signals_;  // signalfd
  int stop_;     // eventfds
  int reload_;
  int done_;
  std::thread thread_;
};

}  // namespace cloister::publisher
