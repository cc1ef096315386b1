// How RocksReputationStore finds damage and mends it.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/reject_reason.h"
#include "storage/store/family_cursor.h"
#include "storage/store/pack_hashing.h"
#include "storage/store/quarantine.h"
#include "storage/store/rocks_reputation_store.h"
#include "storage/store/version_ingest.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr uint64_t kEntriesBetweenReports = 1 << 16;

uint64_t TotalBytes(const std::vector<VersionPack>& packs) {
  uint64_t bytes = 0;
  for (const VersionPack& pack : packs) bytes += pack.bytes;
  return bytes;
}

VersionPack PackNamed(const std::string& sha256) {
  VersionPack pack;
  pack.sha256 = sha256;
  return pack;
}

bool HasAny(const ServedFeed& served, const std::set<std::string>& packs) {
  return std::any_of(served.packs.begin(), served.packs.end(),
                     [&packs](const std::string& pack) { return packs.count(pack) != 0; });
}

// Looks up what a walk has found, as lookups do it: a filter of a pack that denies a key which the
// pack holds hides it from them, but not from a walk. Sorted and in chunks this costs some 1 µs a
// key. Removals in deltas are no matter: a walk passes over them.
class FoundAgain {
 public:
  FoundAgain(const Database& database, const ColumnFamily& family)
      : database_(database), family_(family) {}

  void Add(absl::string_view key) {
    keys_.emplace_back(key);
    if (keys_.size() == kChunkKeys) LookUp();
  }
  // Keys that are there and were not found. Call once, at the end.
  uint64_t CountHidden() {
    LookUp();
    return hidden_;
  }

 private:
  static constexpr size_t kChunkKeys = 4096;

  void LookUp() {
    if (keys_.empty()) return;
    const std::vector<rocksdb::Slice> keys(keys_.begin(), keys_.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    rocksdb::ReadOptions options;
    options.fill_cache = false;  // lookups need the cache more
    database_.db()->MultiGet(options, family_.handle(), keys.size(), keys.data(), values.data(),
                             statuses.data(), /*sorted_input=*/true);
    // What cannot be read the walk reports.
    for (const rocksdb::Status& status : statuses) hidden_ += status.IsNotFound() ? 1 : 0;
    keys_.clear();
  }

  const Database& database_;
  const ColumnFamily& family_;
  std::vector<std::string> keys_;
  uint64_t hidden_ = 0;
};

// Reads every entry of `family` into `report`. An error is that of `progress`.
absl::Status ReadServed(const Database& database, const ColumnFamily& family,
                        const ServedFeed& served, const StoreProgressCallback& progress,
                        VerifyReport* report) {
  StoreProgress at{"reading entries", 0, served.digest.entries()};
  ContentDigest digest;
  FoundAgain found(database, family);
  std::unique_ptr<EntryCursor> cursor = NewFamilyCursor(database, family);
  for (; cursor->Valid(); cursor->Next()) {
    digest.Add(cursor->key(), cursor->value());
    found.Add(cursor->key());
    if (++at.done % kEntriesBetweenReports != 0 || !progress) continue;
    if (absl::Status s = progress(at); !s.ok()) return s;
  }
  report->entries = at.done;
  report->served = cursor->status();
  if (report->served.ok() && digest != served.digest) {
    report->served = Rejected(
        RejectReason::kDigestMismatch,
        absl::StrCat("feed ", served.feed, ", version ", served.version, " serves content ",
                     digest.ToString(), ", but ", served.digest.ToString(), " was signed"));
  }
  if (!report->served.ok()) family.MarkDamaged();
  const uint64_t hidden = found.CountHidden();
  if (hidden != 0 && report->served.ok()) {
    // The bytes are those that were signed: a rebuild would not mend it.
    report->served = Rejected(
        RejectReason::kPackForeign,
        absl::StrCat("feed ", served.feed, ", version ", served.version, ": lookups do not find ",
                     hidden, " of its ", report->entries,
                     " entries, because filters in its signed packs deny them; the publisher has "
                     "to publish a new snapshot"));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<VersionPack> RocksReputationStore::PacksKept(absl::string_view feed) const {
  std::map<std::string, VersionPack> packs;
  absl::ReaderMutexLock lock(&view_);
  auto found = kept_.find(feed);
  if (found == kept_.end()) return {};
  for (const auto& [number, version] : found->second.all()) {
    for (const VersionPack& pack : version.packs) packs.emplace(pack.sha256, pack);
    // Those of which nothing else is known.
    for (const std::string& name : version.served.packs) {
      packs.emplace(name, PackNamed(name));
    }
  }
  std::vector<VersionPack> result;
  for (auto& [name, pack] : packs) result.push_back(std::move(pack));
  return result;
}

absl::StatusOr<VerifyReport> RocksReputationStore::Verify(absl::string_view feed,
                                                          const StoreProgressCallback& progress) {
  absl::StatusOr<size_t> layer = LayerOf(feed);
  if (!layer.ok()) return layer.status();
  const std::shared_ptr<const GenerationView> view = View();
  const std::vector<VersionPack> packs = PacksKept(feed);
  VerifyReport report;
  report.packs = packs.size();
  StoreProgress at{"hashing packs", 0, TotalBytes(packs)};
  absl::StatusOr<std::vector<std::string>> rotten =
      FindRottenPacks(packs_, packs, /*from_disk=*/true, [&](uint64_t bytes) {
        at.done = report.bytes = bytes;
        return progress ? progress(at) : absl::OkStatus();
      });
  if (!rotten.ok()) return rotten.status();
  report.bytes = at.total;
  // What was removed meanwhile is absent by right.
  const std::set<std::string> needed = ReferencedPacks();
  std::copy_if(rotten->begin(), rotten->end(), std::back_inserter(report.rotten_packs),
               [&needed](const std::string& pack) { return needed.count(pack) != 0; });
  const ColumnFamily* family = view->family(*layer).get();
  if (family == nullptr) return report;
  if (!report.rotten_packs.empty()) family->MarkDamaged();
  absl::Status read = ReadServed(*database_, *family, view->feeds()[*layer], progress, &report);
  if (!read.ok()) return read;
  return report;
}

std::vector<std::string> RocksReputationStore::DamagedFeeds() const {
  const std::shared_ptr<const GenerationView> view = View();
  std::vector<std::string> damaged;
  for (size_t i = 0; i < view->feeds().size(); ++i) {
    const std::string& feed = view->feeds()[i].feed;
    const ColumnFamily* family = view->family(i).get();
    if (family != nullptr ? family->damaged() : FindServed(feed).has_value()) {
      damaged.push_back(feed);
    }
  }
  return damaged;
}

absl::Status RocksReputationStore::CheckPacks(const StoredVersion& version) const {
  if (version.packs.empty()) {
    return Rejected(RejectReason::kPackRotten,
                    absl::StrCat("version ", version.served.version, " of feed ",
                                 version.served.feed, " was taken by an older release, and ",
                                 "this one cannot read its packs; the next snapshot replaces it"));
  }
  absl::StatusOr<std::vector<std::string>> rotten =
      FindRottenPacks(packs_, version.packs, /*from_disk=*/false, nullptr);
  if (!rotten.ok()) return rotten.status();
  if (rotten->empty()) return absl::OkStatus();
  const std::shared_ptr<const GenerationView> view = View();
  if (absl::StatusOr<size_t> layer = LayerOf(version.served.feed); layer.ok()) {
    // Also where only what does not serve has rotted: a rebuild alone has it fetched again.
    const ColumnFamily* family = view->family(*layer).get();
    if (family != nullptr) family->MarkDamaged();
  }
  return Rejected(
      RejectReason::kPackRotten,
      absl::StrCat("version ", version.served.version, " of feed ", version.served.feed,
                   " cannot be served: the bytes on this disk are no longer those that were ",
                   "verified: ", absl::StrJoin(*rotten, ", "),
                   "; a rebuild of the feed moves them to quarantine"));
}

absl::StatusOr<RebuildReport> RocksReputationStore::Rebuild(absl::string_view feed) {
  absl::StatusOr<size_t> layer = LayerOf(feed);
  if (!layer.ok()) return layer.status();
  absl::StatusOr<std::vector<std::string>> found =
      FindRottenPacks(packs_, PacksKept(feed), /*from_disk=*/true, nullptr);
  if (!found.ok()) return found.status();
  absl::MutexLock lock(&writer_);
  // A pack that was taken again meanwhile is whole: only what is rotten still is moved.
  std::vector<VersionPack> again;
  for (const std::string& pack : *found) again.push_back(PackNamed(pack));
  found = FindRottenPacks(packs_, again, /*from_disk=*/false, nullptr);
  if (!found.ok()) return found.status();
  return RebuildFrom(*layer, *found);
}

absl::StatusOr<RebuildReport> RocksReputationStore::RebuildFrom(
    size_t layer, const std::vector<std::string>& rotten) {
  RebuildReport report;
  report.quarantined = rotten;
  const std::set<std::string> names(rotten.begin(), rotten.end());
  for (const std::string& pack : rotten) {
    if (absl::Status s = QuarantinePack(packs_, quarantine_, pack); !s.ok()) return s;
  }
  if (absl::Status s = ServeWhole(layer, names, &report); !s.ok()) return s;
  const std::string& feed = options_.feeds[layer];
  std::vector<StoredVersion> broken;
  {
    absl::MutexLock view_lock(&view_);
    for (const auto& [number, version] : kept_[feed].all()) {
      bool serves = layers_[layer].family != nullptr && number == layers_[layer].served.version;
      if (!serves && HasAny(version.served, names)) broken.push_back(version);
    }
  }
  if (broken.empty()) return report;
  if (absl::Status s = Drop(feed, broken); !s.ok()) return s;
  return report;
}

// Serves anew what serves, or the newest older version of which nothing is in `rotten`.
absl::Status RocksReputationStore::ServeWhole(size_t layer, const std::set<std::string>& rotten,
                                              RebuildReport* report) {
  const std::string& feed = options_.feeds[layer];
  const std::optional<StoredVersion> should = FindServed(feed);
  const uint64_t served = should ? should->served.version : 0;
  std::vector<StoredVersion> candidates;
  {
    absl::MutexLock lock(&view_);
    for (const auto& [number, version] : kept_[feed].all()) {
      if (number <= served && !version.waits) candidates.push_back(version);
    }
  }
  report->complete = candidates.empty();  // nothing serves, and nothing should
  for (StoredVersion& version : candidates) {
    const uint64_t number = version.served.version;
    const size_t packs = version.packs.size();
    if (packs == 0 || HasAny(version.served, rotten)) continue;
    absl::Status imported = Import(layer, std::move(version), packs);
    if (reputation::ReasonOf(imported) == RejectReason::kPackUnreadable) continue;
    if (!imported.ok()) return imported;
    report->version = number;
    report->complete = number == served;
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace cloister::storage
