#include "sync/pack_check/pack_check.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/pack/pack_reader.h"

namespace cloister::packs {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using storage::PackHeader;
using storage::PackReader;
using storage::PackSummary;
using trust::PackTarget;

std::string Describe(const PackHeader& header) {
  return absl::StrCat("feed \"", header.feed, "\" from ", header.from_version, " to ",
                      header.to_version, " part ", header.part, " of ", header.parts);
}

absl::StatusOr<std::unique_ptr<PackReader>> OpenMatching(const std::string& path,
                                                         const PackTarget& target,
                                                         const storage::PackLimits& limits) {
  auto reader = PackReader::Open(path, limits);
  if (!reader.ok()) return reader.status();
  const PackHeader wanted{target.feed, target.from_version, target.to_version, target.part,
                          target.parts};
  const PackHeader& found = (*reader)->header();
  if (found == wanted) return reader;
  return Rejected(
      RejectReason::kPackHeaderMismatch,
      absl::StrCat("holds ", Describe(found), " where the metadata says ", Describe(wanted)));
}

// Everything found must be declared; what is declared need not be there.
absl::Status CheckDeclared(const PackSummary& found, const PackTarget& target) {
  reputation::Coverage coverage = target.coverage;
  coverage.Add(found.coverage);
  if (!(coverage == target.coverage)) {
    return Rejected(RejectReason::kPackUndeclared, "has records of a kind that is not declared");
  }
  reputation::PrefixLengths lengths = target.prefix_lengths;
  lengths.Add(found.prefix_lengths);
  if (!(lengths == target.prefix_lengths)) {
    return Rejected(RejectReason::kPackUndeclared,
                    "has an IP record of a prefix length that is not declared");
  }
  return absl::OkStatus();
}

absl::Status CheckContent(const PackSummary& found, const PackTarget& target) {
  const uint64_t entries = found.records + found.labels;
  if (entries != target.entries) {
    return Rejected(
        RejectReason::kPackHeaderMismatch,
        absl::StrCat("holds ", entries, " entries where the metadata says ", target.entries));
  }
  const bool whole_version = !target.is_delta() && target.parts == 1;
  if (whole_version && found.digest.ToString() != target.content_digest) {
    return Rejected(RejectReason::kDigestMismatch,
                    absl::StrCat("its contents have the digest ", found.digest.ToString(),
                                 ", signed is ", target.content_digest));
  }
  return CheckDeclared(found, target);
}

// Which pack, in front of what is wrong with it.
absl::Status For(const PackTarget& target, const absl::Status& status) {
  if (status.ok()) return status;
  absl::Status named(status.code(), absl::StrCat(target.path, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { named.SetPayload(url, payload); });
  return named;
}

}  // namespace

absl::Status CheckPackHeader(const std::string& path, const PackTarget& target,
                             const storage::PackLimits& limits) {
  return For(target, OpenMatching(path, target, limits).status());
}

absl::StatusOr<storage::ContentDigest> CheckPack(const std::string& path, const PackTarget& target,
                                                 const storage::PackLimits& limits) {
  storage::PackLimits tight = limits;
  tight.max_bytes = std::min(tight.max_bytes, target.bytes);
  auto reader = OpenMatching(path, target, tight);
  if (!reader.ok()) return For(target, reader.status());
  absl::StatusOr<PackSummary> summary = (*reader)->Validate();
  if (!summary.ok()) return For(target, summary.status());
  if (absl::Status s = CheckContent(*summary, target); !s.ok()) return For(target, s);
  return summary->digest;
}

absl::Status CheckSnapshotSum(const std::vector<PackTarget>& chain, const DigestOfPack& digest_of) {
  storage::ContentDigest sum;
  const PackTarget* last = nullptr;
  for (const PackTarget& pack : chain) {
    if (pack.is_delta() || pack.parts == 1) break;
    absl::StatusOr<storage::ContentDigest> digest = digest_of(pack);
    if (!digest.ok()) return digest.status();
    sum.Add(*digest);
    last = &pack;
  }
  if (last == nullptr || sum.ToString() == last->content_digest) return absl::OkStatus();
  return Rejected(
      RejectReason::kDigestMismatch,
      absl::StrCat("the parts of snapshot ", last->to_version, " have together the digest ",
                   sum.ToString(), ", signed is ", last->content_digest));
}

}  // namespace cloister::packs
