#include "sync/worker/pack_fetch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/pack_check/pack_check.h"

namespace cloister::worker {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

namespace {

// Packs asked for in vain in one run. A mirror of one chain lists some hundred others.
constexpr size_t kMaxAbsent = 512;

bool IsMissing(const absl::Status& s) {
  return reputation::ReasonOf(s) == RejectReason::kTargetMissing;
}

}  // namespace

// What is listed, as far as the source has it or it is here already.
Packs PackFetch::ToBeHad() const {
  Packs packs;
  for (const PackTarget& pack : feed_.offered) {
    const bool here = !folder_.Held({pack}).empty();
    const bool there = absent_.count(pack.sha256) == 0 && fetcher_.Offers(feed_.NameOf(pack));
    if (here || there) packs.push_back(pack);
  }
  return packs;
}

// A chain that ends before the newest version listed is none.
absl::StatusOr<Packs> PackFetch::Choose() const {
  const Packs to_be_had = ToBeHad();
  const uint64_t newest = trust::NewestVersion(feed_.offered);
  if (newest != 0 && trust::NewestVersion(to_be_had) != newest) {
    return Rejected(
        RejectReason::kVersionGap,
        absl::StrCat("version ", newest, " is listed, but no pack that leads there is to be had"));
  }
  return trust::CheapestChain(to_be_had, folder_.Held(feed_.offered), options_.max_deltas);
}

absl::StatusOr<Packs> PackFetch::Chain() {
  absl::Status absent;
  for (;;) {
    auto chain = Choose();
    if (!chain.ok()) return absent.ok() ? chain.status() : absent;
    auto missing = Missing(*chain);
    if (!missing.ok()) return missing.status();
    absl::Status s = CheckSpace(*missing);
    for (const PackTarget& pack : *missing) {
      if (s.ok()) s = Fetch(pack);
    }
    if (s.ok()) return chain;
    if (!IsMissing(s) || absent_.size() > kMaxAbsent) return s;
    if (absent.ok()) absent = s;
  }
}

absl::Status PackFetch::ProveSnapshot(const Packs& chain) const {
  return packs::CheckSnapshotSum(
      chain, [this](const PackTarget& pack) -> absl::StatusOr<storage::ContentDigest> {
        const auto known = digests_.find(pack.sha256);
        if (known != digests_.end()) return known->second;
        return folder_.Check(pack);
      });
}

absl::StatusOr<Packs> PackFetch::All() {
  Packs missing;
  for (const PackTarget& pack : ToBeHad()) {
    if (folder_.Held({pack}).empty()) missing.push_back(pack);
  }
  if (absl::Status s = CheckSpace(missing); !s.ok()) return s;
  for (const PackTarget& pack : missing) {
    absl::Status s = Fetch(pack);
    if (!s.ok() && !IsMissing(s)) return s;
  }
  return folder_.Held(feed_.offered);
}

absl::Status PackFetch::Fetch(const PackTarget& pack) {
  const uint64_t before = folder_.PartialBytes(pack);
  auto digest = folder_.Fetch(fetcher_, pack, feed_.FileOf(pack));
  if (IsMissing(digest.status())) absent_.insert(pack.sha256);
  if (!digest.ok()) return digest.status();
  digests_[pack.sha256] = *digest;
  sound_.insert(pack.sha256);
  packs_ += 1;
  bytes_ += pack.bytes - std::min(before, pack.bytes);
  return absl::OkStatus();
}

// Packs that rotted on this disk are fetched again before they are handed over.
absl::StatusOr<Packs> PackFetch::Missing(const Packs& packs) {
  Packs missing;
  for (const PackTarget& pack : packs) {
    if (sound_.count(pack.sha256) > 0) continue;
    if (!folder_.Held({pack}).empty()) {
      absl::StatusOr<bool> good = folder_.StillGood(pack);
      if (!good.ok()) return good.status();
      if (*good) sound_.insert(pack.sha256);
      if (*good) continue;
    }
    missing.push_back(pack);
  }
  return missing;
}

absl::Status PackFetch::CheckSpace(const Packs& missing) const {
  uint64_t needed = 0;
  for (const PackTarget& pack : missing) {
    needed += pack.bytes - std::min(pack.bytes, folder_.PartialBytes(pack));
  }
  if (needed == 0) return absl::OkStatus();
  absl::StatusOr<uint64_t> free = storage::FreeBytes(folder_.directory());
  if (!free.ok()) return free.status();
  if (*free >= needed && *free - needed >= options_.reserve_bytes) return absl::OkStatus();
  return Rejected(
      RejectReason::kNoSpace,
      absl::StrCat("fetching ", missing.size(), " packs takes ", needed, " bytes and must leave ",
                   options_.reserve_bytes, " free, but ", folder_.directory(), " has ", *free,
                   "; free space there, or lower reserve_mb"));
}

}  // namespace cloister::worker
