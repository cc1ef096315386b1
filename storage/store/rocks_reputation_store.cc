#include "storage/store/rocks_reputation_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/store/audit_trail.h"
#include "storage/store/version_ingest.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

ServedFeed ServedFrom(const VersionSpec& spec) {
  ServedFeed served;
  served.feed = spec.feed;
  served.version = spec.version;
  served.records = spec.records;
  served.digest = spec.packs.back().result;
  served.coverage = spec.coverage;
  served.prefix_lengths = spec.prefix_lengths;
  served.published = spec.published;
  for (const VersionPack& pack : spec.packs) {
    served.packs.push_back(pack.sha256);
    served.pack_bytes += pack.bytes;
  }
  return served;
}

// How many leading packs of `spec` make up exactly what is served.
size_t KnownPacks(const ServedFeed& served, const VersionSpec& spec) {
  if (served.packs.size() > spec.packs.size()) return 0;
  for (size_t i = 0; i < served.packs.size(); ++i) {
    if (served.packs[i] != spec.packs[i].sha256) return 0;
  }
  return served.packs.size();
}

absl::Status CheckSameContent(const ServedFeed& served, const ContentDigest& said) {
  if (served.digest == said) return absl::OkStatus();
  return Rejected(
      RejectReason::kDigestMismatch,
      absl::StrCat("feed ", served.feed, ", version ", served.version, " is served with content ",
                   served.digest.ToString(), ", but now ", said.ToString(), " is signed for it"));
}

absl::Status CheckPresent(const PackDirectory& packs, const VersionSpec& spec) {
  for (const VersionPack& pack : spec.packs) {
    uint64_t found = packs.SizeOf(pack.sha256);
    if (found != 0 && found == pack.bytes) continue;
    return Rejected(RejectReason::kPackUnreadable,
                    absl::StrCat(packs.PathOf(pack.sha256), " should have ", pack.bytes,
                                 " bytes and has ", found));
  }
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<const Generation> RocksReputationStore::Current() const {
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
  const ServedFeed& served = layers_[*layer].served;
  if (spec.version < served.version) {
    return Rejected(RejectReason::kVersionRollback,
                    absl::StrCat("feed ", spec.feed, " serves version ", served.version,
                                 "; version ", spec.version, " is older"));
  }
  if (spec.version == served.version) return Renew(*layer, spec);
  return Import(*layer, spec);
}

absl::Status RocksReputationStore::Renew(size_t layer, const VersionSpec& spec) {
  ServedFeed& served = layers_[layer].served;
  absl::Status same = CheckSameContent(served, spec.packs.back().result);
  if (!same.ok() || spec.published <= served.published) return same;
  if (absl::Status s = CheckSpace(options_.directory, kLogRoomBytes); !s.ok()) return s;
  StoredVersion renewed;
  {
    absl::MutexLock lock(&view_);
    renewed = kept_[spec.feed].front();
  }
  renewed.served.published = spec.published;
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status put = database_->db()->Put(
      synced, database_->meta(), VersionKey(spec.feed, spec.version), EncodeVersion(renewed));
  if (!put.ok()) return DatabaseError(put, "renew the served version");
  served.published = spec.published;
  {
    absl::MutexLock lock(&view_);
    kept_[spec.feed].front() = std::move(renewed);
  }
  Publish();
  return absl::OkStatus();
}

absl::Status RocksReputationStore::Import(size_t layer, const VersionSpec& spec) {
  if (absl::Status s = CheckPresent(packs_, spec); !s.ok()) return s;
  const uint64_t reserve_bytes = std::max(options_.reserve_bytes, kLogRoomBytes);
  if (absl::Status s = CheckSpace(options_.directory, reserve_bytes); !s.ok()) return s;
  StoredVersion version;
  version.served = ServedFrom(spec);
  version.generation = number_ + 1;
  version.column_family =
      absl::StrCat(spec.feed, ".", spec.version, ".", version.generation, ".", ++attempts_);
  VersionIngest::Options ingest;
  ingest.database = database_;
  ingest.packs = &packs_;
  ingest.staging_directory = staging_;
  ingest.known_packs = KnownPacks(layers_[layer].served, spec);
  if (ingest.known_packs != 0) {
    const ContentDigest& said = spec.packs[ingest.known_packs - 1].result;
    if (absl::Status s = CheckSameContent(layers_[layer].served, said); !s.ok()) return s;
  }
  absl::StatusOr<std::shared_ptr<ColumnFamily>> family =
      ColumnFamily::Create(database_, version.column_family);
  if (!family.ok()) return family.status();
  ingest.family = *family;
  absl::Status ingested =
      VersionIngest(ingest).Run(spec, VersionKey(spec.feed, spec.version), EncodeVersion(version));
  if (!ingested.ok() && !Serves(version)) {
    // One that cannot be dropped now is dropped at the next start.
    (*family)->Drop().IgnoreError();
    return ingested;
  }
  SwapIn(layer, std::move(version), *std::move(family));
  Prune(spec.feed);
  return absl::OkStatus();
}

// The last step may fail after the disk took it. What the database says counts.
bool RocksReputationStore::Serves(const StoredVersion& version) const {
  std::string value;
  rocksdb::Status got =
      database_->db()->Get(rocksdb::ReadOptions(), database_->meta(),
                           VersionKey(version.served.feed, version.served.version), &value);
  return got.ok() && value == EncodeVersion(version);
}

void RocksReputationStore::SwapIn(size_t layer, StoredVersion version,
                                  std::shared_ptr<ColumnFamily> family) {
  std::shared_ptr<ColumnFamily> old = std::move(layers_[layer].family);
  layers_[layer] = {version.served, std::move(family)};
  number_ = version.generation;
  {
    absl::MutexLock lock(&view_);
    Kept& kept = kept_[version.served.feed];
    kept.insert(kept.begin(), std::move(version));
  }
  Publish();
  // Its readers go on; one that cannot be dropped now is dropped at the next start.
  if (old != nullptr) old->Drop().IgnoreError();
}

void RocksReputationStore::Prune(const std::string& feed) {
  std::vector<StoredVersion> pruned;
  {
    absl::MutexLock lock(&view_);
    Kept& kept = kept_[feed];
    if (kept.size() <= options_.kept_versions) return;
    pruned.assign(kept.begin() + options_.kept_versions, kept.end());
    kept.resize(options_.kept_versions);
  }
  rocksdb::WriteBatch batch;
  for (const StoredVersion& version : pruned) {
    batch.Delete(database_->meta(), VersionKey(feed, version.served.version));
  }
  // If this fails the next start finds these versions again and keeps them until a later import.
  if (!database_->db()->Write(rocksdb::WriteOptions(), &batch).ok()) return;
  std::set<std::string> referenced;
  {
    absl::MutexLock lock(&view_);
    referenced = ReferencedPacks();
  }
  for (const StoredVersion& version : pruned) {
    for (const std::string& pack : version.served.packs) {
      if (referenced.count(pack) == 0) packs_.Remove(pack);
    }
  }
}

std::set<std::string> RocksReputationStore::ReferencedPacks() const {
  std::set<std::string> referenced;
  for (const auto& [feed, versions] : kept_) {
    for (const StoredVersion& version : versions) {
      referenced.insert(version.served.packs.begin(), version.served.packs.end());
    }
  }
  return referenced;
}

absl::StatusOr<std::vector<ServedFeed>> RocksReputationStore::KeptVersions(
    absl::string_view feed) const {
  if (absl::StatusOr<size_t> layer = LayerOf(feed); !layer.ok()) return layer.status();
  std::vector<ServedFeed> versions;
  absl::ReaderMutexLock lock(&view_);
  auto found = kept_.find(std::string(feed));
  if (found == kept_.end()) return versions;
  for (const StoredVersion& version : found->second) versions.push_back(version.served);
  return versions;
}

void RocksReputationStore::Publish() {
  std::shared_ptr<const Generation> generation =
      std::make_shared<GenerationView>(database_, number_, layers_, totals_);
  absl::MutexLock lock(&view_);
  current_.swap(generation);
}

}  // namespace cloister::storage
