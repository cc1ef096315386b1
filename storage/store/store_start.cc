// What RocksReputationStore does when it is opened.

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/pack_hashing.h"
#include "storage/store/rocks_reputation_store.h"
#include "storage/store/version_ingest.h"

namespace cloister::storage {
namespace {

absl::Status Explain(const absl::Status& status, const std::string& directory) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(
      absl::StrCat("the database ", directory, "/db is damaged: ", status.message(), kHowToMend));
}

// Reads one value of meta; `*found` stays false where there is none.
absl::StatusOr<std::string> ReadMeta(const Database& database, absl::string_view key, bool* found) {
  std::string value;
  rocksdb::Status got =
      database.db()->Get(rocksdb::ReadOptions(), database.meta(), ToSlice(key), &value);
  *found = got.ok();
  if (!got.ok() && !got.IsNotFound()) return DatabaseError(got, absl::StrCat("read ", key));
  return value;
}

// An older release wrote down the names of packs alone; their headers say the rest. Where one
// cannot be read the version stays without, and can serve on but not be served anew.
absl::Status Describe(const Database& database, const PackDirectory& directory,
                      StoredVersion* version) {
  const ServedFeed& served = version->served;
  std::vector<VersionPack> packs;
  for (const std::string& name : served.packs) {
    absl::StatusOr<std::unique_ptr<PackReader>> reader =
        PackReader::Open(directory.PathOf(name), PackLimits());
    if (!reader.ok()) return absl::OkStatus();
    const PackHeader& header = (*reader)->header();
    packs.push_back({name, directory.SizeOf(name), header.from_version, header.to_version, {}});
    if (header.to_version == served.version) packs.back().result = served.digest;
  }
  version->packs = std::move(packs);
  for (const VersionPack& pack : version->packs) version->served.pack_bytes += pack.bytes;
  rocksdb::Status put =
      database.db()->Put(rocksdb::WriteOptions(), database.meta(),
                         VersionKey(served.feed, served.version), EncodeVersion(*version));
  return DatabaseError(put, "describe the packs of a version");
}

}  // namespace

RocksReputationStore::RocksReputationStore(const Options& options,
                                           std::shared_ptr<Database> database)
    : options_(options),
      database_(std::move(database)),
      packs_(absl::StrCat(options.directory, "/packs")),
      staging_(absl::StrCat(options.directory, "/staging")),
      quarantine_(absl::StrCat(options.directory, "/quarantine")),
      manifests_(absl::StrCat(options.directory, "/versions")) {}

absl::StatusOr<std::unique_ptr<ReputationStore>> RocksReputationStore::Load(const Options& options,
                                                                            OpenedDatabase opened) {
  std::unique_ptr<RocksReputationStore> store(
      new RocksReputationStore(options, std::move(opened.database)));
  absl::MutexLock lock(&store->writer_);
  absl::Status loaded = store->LoadVersions();
  if (loaded.ok()) loaded = store->LoadManifests();
  if (loaded.ok()) loaded = store->LoadDirectives();
  if (loaded.ok()) loaded = store->LoadCounters();
  if (loaded.ok()) loaded = store->AdoptFamilies(std::move(opened.families));
  if (loaded.ok()) loaded = store->BuildLost();
  if (loaded.ok()) loaded = store->RemoveLeftovers();
  if (!loaded.ok()) return Explain(loaded, options.directory);
  store->Publish();
  return store;
}

absl::Status RocksReputationStore::LoadVersions() {
  std::unique_ptr<rocksdb::Iterator> iterator(
      database_->db()->NewIterator(rocksdb::ReadOptions(), database_->meta()));
  for (iterator->Seek(kVersionKeyPrefix);
       iterator->Valid() && absl::StartsWith(ToView(iterator->key()), kVersionKeyPrefix);
       iterator->Next()) {
    absl::StatusOr<StoredVersion> version = DecodeVersion(ToView(iterator->value()));
    if (!version.ok()) return version.status();
    number_ = std::max(number_, version->generation);
    if (version->packs.empty()) {
      if (absl::Status s = Describe(*database_, packs_, &*version); !s.ok()) return s;
    }
    absl::MutexLock lock(&view_);
    kept_[version->served.feed].Put(*std::move(version));
  }
  return DatabaseError(iterator->status(), "read the versions");
}

absl::Status RocksReputationStore::LoadDirectives() {
  std::unique_ptr<rocksdb::Iterator> iterator(
      database_->db()->NewIterator(rocksdb::ReadOptions(), database_->meta()));
  absl::MutexLock lock(&view_);
  for (iterator->Seek(kDirectiveKeyPrefix); iterator->Valid(); iterator->Next()) {
    absl::string_view feed = ToView(iterator->key());
    if (!absl::ConsumePrefix(&feed, kDirectiveKeyPrefix)) break;
    absl::StatusOr<FeedDirective> directive = DecodeDirective(ToView(iterator->value()));
    if (!directive.ok()) return directive.status();
    directives_[std::string(feed)] = *directive;
  }
  return DatabaseError(iterator->status(), "read what was decided about versions");
}

absl::Status RocksReputationStore::LoadCounters() {
  bool found = false;
  absl::StatusOr<std::string> generation = ReadMeta(*database_, kGenerationKey, &found);
  if (!generation.ok()) return generation.status();
  if (found) {
    absl::StatusOr<uint64_t> number = DecodeNumber(*generation);
    if (!number.ok()) return number.status();
    number_ = std::max(number_, *number);
  }
  absl::StatusOr<std::string> totals = ReadMeta(*database_, kOverrideTotalsKey, &found);
  if (!totals.ok()) return totals.status();
  if (found) {
    absl::StatusOr<OverrideTotals> decoded = DecodeTotals(*totals);
    if (!decoded.ok()) return decoded.status();
    totals_ = *decoded;
  }
  absl::StatusOr<std::string> head = ReadMeta(*database_, kAuditHeadKey, &found);
  if (!head.ok() || !found) return head.status();
  absl::StatusOr<AuditHead> decoded = DecodeHead(*head);
  if (!decoded.ok()) return decoded.status();
  absl::MutexLock lock(&view_);
  audit_ = *std::move(decoded);
  return absl::OkStatus();
}

absl::Status RocksReputationStore::AdoptFamilies(
    std::map<std::string, std::shared_ptr<ColumnFamily>> families) {
  for (const std::string& feed : options_.feeds) {
    layers_.emplace_back();
    layers_.back().served.feed = feed;
  }
  absl::MutexLock lock(&view_);
  for (const auto& [feed, kept] : kept_) {
    const StoredVersion* served = kept.Served();
    if (served == nullptr) continue;
    auto family = families.find(served->column_family);
    if (family == families.end()) continue;  // BuildLost makes it
    if (auto layer = std::find(options_.feeds.begin(), options_.feeds.end(), feed);
        layer != options_.feeds.end()) {
      layers_[static_cast<size_t>(layer - options_.feeds.begin())] = {served->served,
                                                                      family->second};
    }
    families.erase(family);
  }
  // What is left was being built when the last process ended, or was replaced and still read.
  for (const auto& [name, orphan] : families) {
    if (absl::Status s = orphan->Drop(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// A database without versions is new, perhaps in the place of one that was lost.
absl::Status RocksReputationStore::LoadManifests() {
  {
    absl::MutexLock lock(&view_);
    if (!kept_.empty()) return absl::OkStatus();
  }
  absl::StatusOr<std::vector<StoredVersion>> versions = manifests_.ReadAll();
  if (!versions.ok()) return versions.status();
  rocksdb::WriteBatch batch;
  for (const StoredVersion& version : *versions) {
    number_ = std::max(number_, version.generation);
    batch.Put(database_->meta(), VersionKey(version.served.feed, version.served.version),
              EncodeVersion(version));
  }
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status written = database_->db()->Write(synced, &batch);
  if (!written.ok()) return DatabaseError(written, "record the versions kept");
  absl::MutexLock lock(&view_);
  for (StoredVersion& version : *versions) {
    const std::string feed = version.served.feed;
    kept_[feed].Put(std::move(version));
  }
  return absl::OkStatus();
}

// Builds what should serve and has no column family. What fails does not keep the rest from
// starting: such a feed counts as damaged.
absl::Status RocksReputationStore::BuildLost() {
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const std::string& feed = options_.feeds[layer];
    if (layers_[layer].family != nullptr || !FindServed(feed)) continue;
    absl::StatusOr<std::vector<std::string>> rotten =
        FindRottenPacks(packs_, PacksKept(feed), /*from_disk=*/false, nullptr);
    if (!rotten.ok()) return rotten.status();
    RebuildFrom(layer, *rotten).IgnoreError();
  }
  return absl::OkStatus();
}

absl::Status RocksReputationStore::RemoveLeftovers() {
  absl::StatusOr<std::vector<std::string>> staged = ListDirectory(staging_);
  if (!staged.ok()) return staged.status();
  for (const std::string& name : *staged) unlink(absl::StrCat(staging_, "/", name).c_str());
  // What the last process had no time for. A version whose packs are not whole can serve on, but
  // has to be built anew.
  for (FeedLayer& layer : layers_) {
    if (layer.family == nullptr) continue;
    Prune(layer.served.feed);
    const std::optional<StoredVersion> served = FindServed(layer.served.feed);
    if (!CheckPresent(packs_, served->packs).ok()) layer.family->MarkDamaged();
  }
  std::vector<StoredVersion> kept;
  {
    absl::MutexLock lock(&view_);
    for (const auto& [feed, versions] : kept_) {
      for (const auto& [number, version] : versions.all()) kept.push_back(version);
    }
  }
  if (absl::Status s = manifests_.Reconcile(kept); !s.ok()) return s;
  const std::set<std::string> referenced = ReferencedPacks();
  // A database without versions is new, perhaps in the place of a damaged one: its packs are
  // wanted for the import that follows.
  return packs_.RemoveUnreferenced(referenced, /*keep_packs=*/referenced.empty());
}

}  // namespace cloister::storage
