#include "sync/publisher/daemon/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "absl/time/clock.h"
#include "sync/publisher/daemon/log.h"
#include "sync/publisher/daemon/notify.h"

namespace cloister::publisher {
namespace {

constexpr int kGraceMilliseconds = 1000;
constexpr absl::Duration kClockCheck = absl::Minutes(1);

int Opened(int fd, const char* what) {
  if (fd >= 0) return fd;
  perror(what);  // only without a descriptor left, at the start of the program
  abort();
}

void Set(int event) {
  const uint64_t one = 1;
  while (write(event, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool IsReadable(int fd, int timeout_ms) {
  pollfd waited{fd, POLLIN, 0};
  return poll(&waited, 1, timeout_ms) > 0;
}

}  // namespace

Signals::Signals()
    : stop_(Opened(eventfd(0, EFD_CLOEXEC), "eventfd")),
      reload_(Opened(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      done_(Opened(eventfd(0, EFD_CLOEXEC), "eventfd")) {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  signals_ = Opened(signalfd(-1, &wanted, SFD_CLOEXEC), "signalfd");
  thread_ = std::thread([this] { Watch(); });
}

Signals::~Signals() {
  Set(done_);
  thread_.join();
  for (int fd : {signals_, stop_, reload_, done_}) close(fd);
}

void Signals::Watch() {
  for (;;) {
    pollfd fds[] = {{signals_, POLLIN, 0}, {done_, POLLIN, 0}};
    if (poll(fds, 2, -1) <= 0) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    if (read(signals_, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP) {
      Set(reload_);
      continue;
    }
    Log(Severity::kInfo, "stopping", {{"signal", strsignal(static_cast<int>(info.ssi_signo))}});
    Notify("STOPPING=1");
    Set(stop_);
    if (!IsReadable(done_, kGraceMilliseconds)) _exit(0);
    return;
  }
}

Signals::Wake Signals::WaitUntil(absl::Time time) {
  for (;;) {
    // Short enough to see that the clock was set, or stood still while the machine slept.
    const absl::Time begin = absl::Now();
    const absl::Duration left = std::clamp(time - begin, absl::ZeroDuration(), kClockCheck);
    pollfd fds[] = {{stop_, POLLIN, 0}, {reload_, POLLIN, 0}};
    poll(fds, 2,
         static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1)))));
    if (fds[0].revents != 0) return Wake::kStop;
    uint64_t count = 0;
    if (fds[1].revents != 0 && read(reload_, &count, sizeof count) > 0) return Wake::kReload;
    const absl::Time end = absl::Now();
    if (end >= time || end < begin) return Wake::kTime;
  }
}

bool Signals::stopped() const { return IsReadable(stop_, 0); }

}  // namespace cloister::publisher
