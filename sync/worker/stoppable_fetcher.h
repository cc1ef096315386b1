// A fetcher that ends when the program shall end, around one that would not.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/fetcher.h"

namespace cloister::worker {

// Borrows both. Not thread-safe.
class StoppableFetcher : public trust::Fetcher {
 public:
  // Fetches end with Cancelled once `stop_fd` is readable; -1: never.
  StoppableFetcher(trust::Fetcher& source, int stop_fd) : source_(source), stop_fd_(stop_fd) {}

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;
  bool Offers(absl::string_view name) override { return source_.Offers(name); }

 private:
  absl::Status CheckStop() const;

  trust::Fetcher& source_;
  int stop_fd_;
};

}  // namespace cloister::worker
