#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/hash.h"
#include "sync/trust/updater.h"

namespace cloister::trust {

using reputation::Rejected;
using reputation::RejectReason;

namespace {

// Compares what arrives with what is signed.
class Comparison {
 public:
  Comparison(absl::string_view path, const TargetFile& target)
      : path_(path), target_(target), check_(target.hashes) {}

  absl::Status Take(absl::string_view bytes) {
    // The fetcher promises no more than it was asked for; a broken one must not get through.
    if (bytes.size() > target_.length - received_) {
      return Rejected(RejectReason::kTargetTooLarge,
                      absl::StrCat(path_, " goes on after the ", target_.length, " bytes listed"));
    }
    received_ += bytes.size();
    check_.Update(bytes);
    return absl::OkStatus();
  }

  uint64_t received() const { return received_; }

  // Call once, at the end.
  absl::Status Finish() {
    if (received_ != target_.length) {
      return Rejected(
          RejectReason::kTargetHashMismatch,
          absl::StrCat(path_, " has ", received_, " bytes where ", target_.length, " are signed"));
    }
    if (check_.Matches()) return absl::OkStatus();
    return Rejected(RejectReason::kTargetHashMismatch,
                    absl::StrCat(path_, " does not have the content that is signed"));
  }

 private:
  const std::string path_;
  const TargetFile& target_;
  HashCheck check_;
  uint64_t received_ = 0;
};

// Fetches what the comparison has not seen yet, and passes it on.
absl::Status FetchRest(Fetcher& fetcher, absl::string_view name, const TargetFile& target,
                       Comparison& comparison, const ByteSink& sink) {
  const uint64_t offset = comparison.received();
  if (offset == target.length && offset != 0) return comparison.Finish();
  absl::Status fetched = fetcher.Target(name, offset, target.length, [&](absl::string_view bytes) {
    absl::Status s = comparison.Take(bytes);
    return s.ok() ? sink(bytes) : s;
  });
  // A sink that reports NotFound is not a target that is missing, as far as this can tell.
  if (absl::IsNotFound(fetched) && comparison.received() == offset) {
    return Rejected(RejectReason::kTargetMissing,
                    absl::StrCat(name, " is listed, but not to be had: ", fetched.message()));
  }
  if (!fetched.ok()) return fetched;
  return comparison.Finish();
}

// Whether the bytes are to blame, rather than the way that they take.
bool IsWrongContent(const absl::Status& status) {
  const auto reason = reputation::ReasonOf(status);
  return reason == RejectReason::kTargetHashMismatch || reason == RejectReason::kTargetTooLarge;
}

}  // namespace

std::string ConsistentTargetName(absl::string_view path, const TargetFile& target) {
  const size_t name = path.rfind('/') + 1;  // 0 where there is no slash
  auto hash = target.hashes.find("sha256");
  if (hash == target.hashes.end()) hash = target.hashes.find("sha512");
  return absl::StrCat(path.substr(0, name), hash->second, ".", path.substr(name));
}

absl::Status FetchTargetFile(Fetcher& fetcher, absl::string_view name, const TargetFile& target,
                             const ByteSink& sink) {
  Comparison comparison(name, target);
  return FetchRest(fetcher, name, target, comparison, sink);
}

absl::Status FetchTarget(Fetcher& fetcher, absl::string_view path, const TargetFile& target,
                         const ByteSink& sink) {
  return FetchTargetFile(fetcher, ConsistentTargetName(path, target), target, sink);
}

absl::Status ResumeTarget(Fetcher& fetcher, absl::string_view path, const TargetFile& target,
                          PartialTarget& partial) {
  const ByteSink keep = [&](absl::string_view bytes) { return partial.Append(bytes); };
  for (;;) {
    Comparison comparison(path, target);
    absl::Status s =
        partial.Replay([&](absl::string_view bytes) { return comparison.Take(bytes); });
    const bool began_in_the_middle = !s.ok() || comparison.received() > 0;
    if (s.ok()) {
      s = FetchRest(fetcher, ConsistentTargetName(path, target), target, comparison, keep);
    }
    if (!IsWrongContent(s)) return s;
    if (absl::Status cleared = partial.Clear(); !cleared.ok()) return cleared;
    // With nothing left to begin from, the next time round is the last one.
    if (!began_in_the_middle) return s;
  }
}

}  // namespace cloister::trust
