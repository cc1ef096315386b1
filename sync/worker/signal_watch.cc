#include "sync/worker/signal_watch.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sync/worker/log.h"

namespace cloister::worker {

SignalWatch::SignalWatch(StopFlag* stop) : stop_(stop) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  signals_ = signalfd(-1, &wanted, SFD_CLOEXEC);
  if (signals_ < 0) {
    perror("signalfd");  // only without a descriptor left, at the start of the program
    abort();
  }
  thread_ = std::thread([this] { Watch(); });
}

SignalWatch::~SignalWatch() {
  stop_->Set();
  thread_.join();
  close(signals_);
}

void SignalWatch::Watch() {
  pollfd fds[] = {{signals_, POLLIN, 0}, {stop_->fd(), POLLIN, 0}};
  while (poll(fds, 2, -1) <= 0) {
  }
  signalfd_siginfo info;
  if (fds[0].revents == 0 || read(signals_, &info, sizeof info) != sizeof info) return;
  Log(Severity::kInfo, "stopping", {{"signal", strsignal(static_cast<int>(info.ssi_signo))}});
  stop_->Set();
}

}  // namespace cloister::worker
