#include "sync/trust/metadata_file.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::trust {

using reputation::Rejected;
using reputation::RejectReason;

absl::StatusOr<std::string> FetchMetadata(Fetcher& fetcher, const std::string& name,
                                          uint64_t max_bytes) {
  absl::StatusOr<std::string> bytes = fetcher.Metadata(name, max_bytes);
  if (absl::IsNotFound(bytes.status())) {
    return Rejected(RejectReason::kMetadataMissing,
                    absl::StrCat(absl::CHexEscape(name),
                                 " is not in the repository: ", bytes.status().message()));
  }
  if (bytes.ok() && bytes->size() > max_bytes) {
    return Rejected(RejectReason::kMetadataTooLarge,
                    absl::StrCat(absl::CHexEscape(name), " is longer than ", max_bytes, " bytes"));
  }
  return bytes;
}

absl::StatusOr<std::string> FetchListed(Fetcher& fetcher, const std::string& role_name,
                                        const FileMeta& meta, bool consistent, uint64_t limit) {
  std::string name = absl::StrCat(role_name, ".json");
  if (consistent) name = absl::StrCat(meta.version, ".", name);
  if (meta.length > limit) {
    return Rejected(RejectReason::kMetadataTooLarge,
                    absl::StrCat(absl::CHexEscape(name), " is stated to have ", meta.length,
                                 " bytes; at most ", limit, " are read"));
  }
  return FetchMetadata(fetcher, name, meta.length == 0 ? limit : meta.length);
}

}  // namespace cloister::trust
