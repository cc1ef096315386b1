#include "sync/publisher/repository/metadata_fetcher.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"

namespace cloister::publisher {

absl::StatusOr<std::string> MetadataFetcher::Metadata(absl::string_view name, uint64_t max_bytes) {
  if (roots_ == Roots::kNone && absl::EndsWith(name, ".root.json")) {
    return absl::NotFoundError(absl::StrCat(name, " is not looked at"));
  }
  return storage::ReadFile(absl::StrCat(directory_, "/", name), max_bytes);
}

absl::Status MetadataFetcher::Target(absl::string_view name, uint64_t, uint64_t,
                                     const trust::ByteSink&) {
  return absl::NotFoundError(absl::StrCat(name, ": packs are opened where they lie"));
}

}  // namespace cloister::publisher
