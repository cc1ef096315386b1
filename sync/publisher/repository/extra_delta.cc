#include "sync/publisher/repository/extra_delta.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/reject_reason.h"
#include "sync/publisher/repository/deltas.h"
#include "sync/publisher/repository/held_versions.h"
#include "sync/publisher/repository/release.h"
#include "sync/publisher/repository/retention.h"

namespace cloister::publisher {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

// Versions whose packs are all there.
std::string HeldVersionsText(const std::vector<PackTarget>& packs) {
  std::set<uint64_t> versions;
  for (const PackTarget& pack : packs) {
    if (ChainTo(pack.to_version, packs).ok()) versions.insert(pack.to_version);
  }
  return absl::StrJoin(versions, ", ");
}

// What the packs that lead to `version` say of it; null if it is not held.
const PackTarget* Described(uint64_t version, const std::vector<PackTarget>& packs) {
  const auto pack = std::find_if(packs.begin(), packs.end(), [version](const PackTarget& p) {
    return p.to_version == version;
  });
  return pack == packs.end() || !ChainTo(version, packs).ok() ? nullptr : &*pack;
}

absl::Status CheckRequest(const ExtraDeltaRequest& request, const std::vector<PackTarget>& packs) {
  if (request.from_version == 0 || request.from_version >= request.to_version) {
    return absl::InvalidArgumentError("a delta leads from a version, 1 or more, to a newer one");
  }
  for (const PackTarget& pack : packs) {
    if (pack.from_version == request.from_version && pack.to_version == request.to_version) {
      return absl::AlreadyExistsError(absl::StrCat(pack.path, " is on offer already"));
    }
  }
  for (const uint64_t version : {request.from_version, request.to_version}) {
    if (Described(version, packs) != nullptr) continue;
    return Rejected(RejectReason::kVersionGap,
                    absl::StrCat("the repository does not hold version ", version,
                                 " any more; held: ", HeldVersionsText(packs)));
  }
  return absl::OkStatus();
}

// What a client that is at `from` fetches to get to `to` by what is on offer.
uint64_t ChainBytes(const ExtraDeltaRequest& request, const std::vector<PackTarget>& packs) {
  const auto held = ChainTo(request.from_version, packs);
  std::vector<PackTarget> older;
  std::copy_if(packs.begin(), packs.end(), std::back_inserter(older),
               [&request](const PackTarget& p) { return p.to_version <= request.to_version; });
  if (!held.ok()) return 0;
  const auto chain = trust::CheapestChain(older, *held, kMaxChainDeltas);
  uint64_t bytes = 0;
  for (const PackTarget& pack : chain.ok() ? *chain : std::vector<PackTarget>()) {
    const bool there = std::any_of(held->begin(), held->end(), [&pack](const PackTarget& p) {
      return p.sha256 == pack.sha256;
    });
    bytes += there ? 0 : pack.bytes;
  }
  return bytes;
}

}  // namespace

absl::StatusOr<ExtraDelta> BuildExtraDelta(const Repository& repository, const Published& published,
                                           const ExtraDeltaRequest& request,
                                           const PublishOptions& options) {
  const std::vector<PackTarget>& packs = published.packs;
  absl::Status good = CheckRequest(request, packs);
  if (!good.ok()) return good;
  HeldVersions held(repository, packs);
  auto base = held.Open(request.from_version);
  if (!base.ok()) return base.status();
  auto result = held.Open(request.to_version);
  if (!result.ok()) return result.status();

  PackOptions pack_options;
  pack_options.feed = repository.settings().feed;
  pack_options.directory = repository.building_directory();
  pack_options.from_version = request.from_version;
  pack_options.to_version = request.to_version;
  pack_options.max_delta_bytes = options.max_delta_bytes;
  pack_options.progress = options.progress;
  const std::unique_ptr<storage::EntryCursor> before = storage::NewVersionCursor(*base);
  const std::unique_ptr<storage::EntryCursor> after = storage::NewVersionCursor(*result);
  absl::StatusOr<WrittenDelta> written = WriteDelta(*before, *after, pack_options);
  if (!written.ok()) return written.status();

  const PackTarget& version = *Described(request.to_version, packs);
  if (written->digest.ToString() != version.content_digest) {
    return Rejected(RejectReason::kDigestMismatch,
                    absl::StrCat("the packs of version ", request.to_version,
                                 " do not hold the content that was signed"));
  }
  if (!written->pack.has_value()) {
    return absl::FailedPreconditionError(
        written->any() ? absl::StrCat("the delta would be larger than ", options.max_delta_bytes,
                                      " bytes, and no client takes that")
                       : "both versions hold the same entries");
  }
  ExtraDelta delta;
  delta.pack = *written->pack;
  delta.added = written->added;
  delta.changed = written->changed;
  delta.removed = written->removed;
  delta.chain_bytes = ChainBytes(request, packs);
  delta.pack.version_records = version.version_records;
  delta.pack.content_digest = version.content_digest;
  delta.pack.base_digest = Described(request.from_version, packs)->content_digest;
  delta.pack.coverage = version.coverage;
  delta.pack.prefix_lengths = version.prefix_lengths;
  delta.pack.minimum_poll_interval = version.minimum_poll_interval;
  delta.pack.sources = version.sources;
  return delta;
}

absl::StatusOr<ExtraDelta> OfferExtraDelta(Repository& repository, const Published& published,
                                           const ExtraDelta& delta, const RoleSigners& signers,
                                           const PublishOptions& options) {
  absl::Status status = CheckAllSigners(published.root, signers);
  if (!status.ok()) return status;
  std::vector<PackTarget> packs = published.packs;
  packs.push_back(delta.pack);
  status = PlacePacks(repository, {delta.pack});
  if (!status.ok()) return status;
  status = Release(repository, published, packs, signers, options);
  if (!status.ok()) return status;
  absl::StatusOr<Published> now = repository.Load(options.now);
  if (!now.ok()) return now.status();
  absl::StatusOr<Removed> removed = RemoveUnlisted(repository, *now, published, options.now);
  if (!removed.ok()) return removed.status();
  ExtraDelta offered = delta;
  offered.expires = now->timestamp->expires;
  return offered;
}

}  // namespace cloister::publisher
