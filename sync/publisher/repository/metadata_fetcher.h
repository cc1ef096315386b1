// Reads a repository's own files as a client would.

#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/fetcher.h"

namespace cloister::publisher {

// Metadata only: packs are opened where they lie. Not thread-safe.
class MetadataFetcher : public trust::Fetcher {
 public:
  enum class Roots { kAll, kNone };

  // `roots` kNone: as if there were no other root than the one that the client has.
  explicit MetadataFetcher(std::string directory, Roots roots = Roots::kAll)
      : directory_(std::move(directory)), roots_(roots) {}

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;

 private:
  std::string directory_;
  Roots roots_;
};

}  // namespace cloister::publisher
