#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/hash.h"
#include "sync/trust/updater.h"

namespace cloister::trust {

using reputation::Rejected;
using reputation::RejectReason;

std::string ConsistentTargetName(absl::string_view path, const TargetFile& target) {
  size_t slash = path.rfind('/');
  absl::string_view name = slash == absl::string_view::npos ? path : path.substr(slash + 1);
  return absl::StrCat(target.hashes.at("sha256"), ".", name);
}

absl::Status FetchTarget(Fetcher& fetcher, absl::string_view path, const TargetFile& target,
                         const ByteSink& sink) {
  HashCheck check(target.hashes);
  uint64_t received = 0;
  auto checked = [&](absl::string_view bytes) {
    // The fetcher promises no more than it was asked for; a broken one must not get through.
    if (bytes.size() > target.length - received) {
      return Rejected(RejectReason::kTargetTooLarge,
                      absl::StrCat(path, " goes on after the ", target.length, " bytes listed"));
    }
    received += bytes.size();
    check.Update(bytes);
    return sink(bytes);
  };
  absl::Status fetched = fetcher.Target(ConsistentTargetName(path, target), target.length, checked);
  // A sink that reports NotFound is not a target that is missing, as far as this can tell.
  if (absl::IsNotFound(fetched) && received == 0) {
    return Rejected(RejectReason::kTargetMissing,
                    absl::StrCat(path, " is listed, but not to be had: ", fetched.message()));
  }
  if (!fetched.ok()) return fetched;
  if (received != target.length) {
    return Rejected(
        RejectReason::kTargetHashMismatch,
        absl::StrCat(path, " has ", received, " bytes where ", target.length, " are signed"));
  }
  if (!check.Matches()) {
    return Rejected(RejectReason::kTargetHashMismatch,
                    absl::StrCat(path, " does not have the content that is signed"));
  }
  return absl::OkStatus();
}

}  // namespace cloister::trust
