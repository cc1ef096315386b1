#include "sync/worker/stoppable_fetcher.h"

#include <poll.h>

namespace cloister::worker {

absl::Status StoppableFetcher::CheckStop() const {
  pollfd stop{stop_fd_, POLLIN, 0};  // poll passes over -1
  if (poll(&stop, 1, 0) > 0) return absl::CancelledError("stopped");
  return absl::OkStatus();
}

absl::StatusOr<std::string> StoppableFetcher::Metadata(absl::string_view name, uint64_t max_bytes) {
  if (absl::Status s = CheckStop(); !s.ok()) return s;
  return source_.Metadata(name, max_bytes);
}

absl::Status StoppableFetcher::Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                                      const trust::ByteSink& sink) {
  if (absl::Status s = CheckStop(); !s.ok()) return s;
  return source_.Target(name, offset, max_bytes, [&](absl::string_view bytes) {
    absl::Status s = CheckStop();
    return s.ok() ? sink(bytes) : s;
  });
}

}  // namespace cloister::worker
