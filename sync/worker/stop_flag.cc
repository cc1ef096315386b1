#include "sync/worker/stop_flag.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "absl/time/clock.h"

namespace cloister::worker {

StopFlag::StopFlag() : fd_(eventfd(0, EFD_CLOEXEC)) {
  if (fd_ >= 0) return;
  perror("eventfd");  // only without a descriptor left, at the start of the program
  abort();
}

StopFlag::~StopFlag() { close(fd_); }

void StopFlag::Set() {
  const uint64_t one = 1;
  while (write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool StopFlag::WaitFor(absl::Duration timeout) const {
  const absl::Time deadline = absl::Now() + timeout;
  for (;;) {
    // Rounded up, and in pieces that poll's int can hold.
    const absl::Duration left =
        std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(24));
    pollfd fd{fd_, POLLIN, 0};
    const int wait_ms =
        static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
    if (poll(&fd, 1, wait_ms) > 0) return true;
    if (absl::Now() >= deadline) return false;
  }
}

}  // namespace cloister::worker
