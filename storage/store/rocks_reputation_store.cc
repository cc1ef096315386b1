#include "storage/store/rocks_reputation_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/store/version_ingest.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

absl::Status CheckSameContent(const ServedFeed& served, const ContentDigest& said) {
  if (served.digest == said) return absl::OkStatus();
  return Rejected(
      RejectReason::kDigestMismatch,
      absl::StrCat("feed ", served.feed, ", version ", served.version, " is served with content ",
                   served.digest.ToString(), ", but now ", said.ToString(), " is signed for it"));
}

bool ShareAPack(const ServedFeed& a, const ServedFeed& b) {
  return std::any_of(a.packs.begin(), a.packs.end(), [&b](const std::string& pack) {
    return std::find(b.packs.begin(), b.packs.end(), pack) != b.packs.end();
  });
}

// The last step may fail after the disk took it. What the database says counts.
bool IsRecorded(const Database& database, const StoredVersion& version) {
  std::string value;
  rocksdb::Status got =
      database.db()->Get(rocksdb::ReadOptions(), database.meta(),
                         VersionKey(version.served.feed, version.served.version), &value);
  return got.ok() && value == EncodeVersion(version);
}

}  // namespace

std::shared_ptr<const Generation> RocksReputationStore::Current() const { return View(); }

std::shared_ptr<const GenerationView> RocksReputationStore::View() const {
  absl::ReaderMutexLock lock(&view_);
  return current_;
}

std::string RocksReputationStore::PackPath(absl::string_view sha256_hex) const {
  return packs_.PathOf(sha256_hex);
}

bool RocksReputationStore::HasPack(absl::string_view sha256_hex) const {
  return packs_.SizeOf(sha256_hex) != 0;
}

absl::StatusOr<size_t> RocksReputationStore::LayerOf(absl::string_view feed) const {
  auto found = std::find(options_.feeds.begin(), options_.feeds.end(), feed);
  if (found == options_.feeds.end()) {
    return absl::NotFoundError(absl::StrCat("feed ", feed, " is not configured here"));
  }
  return static_cast<size_t>(found - options_.feeds.begin());
}

absl::Status RocksReputationStore::Serve(const VersionSpec& spec) {
  absl::StatusOr<size_t> layer = LayerOf(spec.feed);
  if (!layer.ok()) return layer.status();
  if (absl::Status s = CheckChain(spec); !s.ok()) return s;
  absl::MutexLock lock(&writer_);
  const FeedLayer before = layers_[*layer];
  const bool damaged = before.family != nullptr && before.family->damaged();
  StoredVersion version = VersionFromSpec(spec);
  if (spec.version < before.served.version) {
    return Rejected(RejectReason::kVersionRollback,
                    absl::StrCat("feed ", spec.feed, " serves version ", before.served.version,
                                 "; version ", spec.version, " is older"));
  }
  if (spec.version == before.served.version) {
    absl::Status same = CheckSameContent(before.served, version.served.digest);
    if (!same.ok()) return same;
    if (!damaged) return Renew(*FindServed(spec.feed), spec);
    if (absl::Status s = CheckPacks(version); !s.ok()) return s;
  }
  absl::StatusOr<size_t> known_packs = KnownPacks(*layer, spec);
  if (!known_packs.ok()) return known_packs.status();
  absl::Status imported = Import(*layer, std::move(version), *known_packs);
  const FeedLayer& after = layers_[*layer];
  // Packs that were not hashed again may have rotted: whoever mends a feed is to look at them.
  if (imported.ok() && damaged && after.served.version != before.served.version &&
      ShareAPack(before.served, after.served)) {
    after.family->MarkDamaged();
  }
  return imported;
}

absl::StatusOr<size_t> RocksReputationStore::KnownPacks(size_t layer,
                                                        const VersionSpec& spec) const {
  const ServedFeed& served = layers_[layer].served;
  if (served.packs.empty() || !Continues(spec, served)) return 0;
  const size_t known = served.packs.size();
  absl::Status same = CheckSameContent(served, spec.packs[known - 1].result);
  if (!same.ok()) return same;
  return known;
}

absl::Status RocksReputationStore::Renew(StoredVersion version, const VersionSpec& spec) {
  ServedFeed& renewed = version.served;
  if (spec.published < renewed.published) return absl::OkStatus();
  if (spec.published == renewed.published && spec.sources == renewed.sources) {
    return absl::OkStatus();
  }
  if (absl::Status s = CheckSpace(options_.directory, kLogRoomBytes); !s.ok()) return s;
  renewed.published = spec.published;
  renewed.sources = spec.sources;
  const std::string feed = renewed.feed;
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status put = database_->db()->Put(
      synced, database_->meta(), VersionKey(feed, renewed.version), EncodeVersion(version));
  if (!put.ok()) return DatabaseError(put, "renew the served version");
  layers_[*LayerOf(feed)].served.published = spec.published;
  layers_[*LayerOf(feed)].served.sources = spec.sources;
  {
    absl::MutexLock lock(&view_);
    kept_[feed].Put(std::move(version));
  }
  Publish();
  return absl::OkStatus();
}

absl::Status RocksReputationStore::Import(size_t layer, StoredVersion version, size_t known_packs) {
  if (absl::Status s = CheckPresent(packs_, version.packs); !s.ok()) return s;
  version.waits = false;
  version.generation = number_ + 1;
  version.column_family = absl::StrCat(version.served.feed, ".", version.served.version, ".",
                                       version.generation, ".", ++attempts_);
  absl::StatusOr<std::shared_ptr<ColumnFamily>> family = NewFamily(version.column_family);
  if (!family.ok()) return family.status();
  absl::Status ingested = Ingest(version, known_packs, /*with_record=*/true, *family);
  if (!ingested.ok() && !IsRecorded(*database_, version)) {
    // One that cannot be dropped now is dropped at the next start.
    (*family)->Drop().IgnoreError();
    return ingested;
  }
  const std::string feed = version.served.feed;
  SwapIn(layer, std::move(version), *std::move(family));
  Prune(feed);
  return absl::OkStatus();
}

// Serving it in a column family of its own, as Import does, but for the record that says so.
absl::Status RocksReputationStore::Prove(const StoredVersion& version, size_t known_packs) {
  if (absl::Status s = CheckPresent(packs_, version.packs); !s.ok()) return s;
  absl::StatusOr<std::shared_ptr<ColumnFamily>> family = NewFamily(absl::StrCat(
      version.served.feed, ".", version.served.version, ".proof.", number_, ".", ++attempts_));
  if (!family.ok()) return family.status();
  absl::Status proved = Ingest(version, known_packs, /*with_record=*/false, *family);
  (*family)->Drop().IgnoreError();
  return proved;
}

absl::StatusOr<std::shared_ptr<ColumnFamily>> RocksReputationStore::NewFamily(
    const std::string& name) const {
  const uint64_t reserve_bytes = std::max(options_.reserve_bytes, kLogRoomBytes);
  if (absl::Status s = CheckSpace(options_.directory, reserve_bytes); !s.ok()) return s;
  return ColumnFamily::Create(database_, name);
}

absl::Status RocksReputationStore::Ingest(const StoredVersion& version, size_t known_packs,
                                          bool with_record,
                                          const std::shared_ptr<ColumnFamily>& family) {
  VersionIngest::Options ingest;
  ingest.database = database_;
  ingest.family = family;
  ingest.packs = &packs_;
  ingest.staging_directory = staging_;
  ingest.known_packs = known_packs;
  std::optional<VersionIngest::Record> record;
  if (with_record) {
    record = {VersionKey(version.served.feed, version.served.version), EncodeVersion(version)};
  }
  return VersionIngest(ingest).Run(SpecOfVersion(version), record);
}

void RocksReputationStore::SwapIn(size_t layer, StoredVersion version,
                                  std::shared_ptr<ColumnFamily> family) {
  const std::string feed = version.served.feed;
  std::shared_ptr<ColumnFamily> old = std::move(layers_[layer].family);
  layers_[layer] = {version.served, std::move(family)};
  number_ = version.generation;
  const std::optional<StoredVersion> replaced = FindKept(feed, version.served.version);
  {
    absl::MutexLock lock(&view_);
    kept_[feed].Put(version);
  }
  Publish();
  // The database has it; the next start sees to it that the file is there.
  manifests_.Write(version).IgnoreError();
  // Its readers go on; one that cannot be dropped now is dropped at the next start.
  if (old != nullptr) old->Drop().IgnoreError();
  if (replaced) RemoveUnneeded(*replaced);
}

void RocksReputationStore::Publish() {
  auto generation = std::make_shared<const GenerationView>(database_, number_, layers_, totals_);
  absl::MutexLock lock(&view_);
  current_.swap(generation);
}

}  // namespace cloister::storage
