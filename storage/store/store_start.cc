// What RocksReputationStore does when it is opened.

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/store/rocks_reputation_store.h"

namespace cloister::storage {
namespace {

absl::Status Explain(const absl::Status& status, const std::string& directory) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(absl::StrCat(
      "the database ", directory, "/db is damaged: ", status.message(),
      ". Stop the server, move db/ away (keep packs/ beside it), and restore it from a backup: it ",
      "holds overrides and the audit trail"));
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

}  // namespace

RocksReputationStore::RocksReputationStore(const Options& options,
                                           std::shared_ptr<Database> database)
    : options_(options),
      database_(std::move(database)),
      packs_(absl::StrCat(options.directory, "/packs")),
      staging_(absl::StrCat(options.directory, "/staging")) {}

absl::StatusOr<std::unique_ptr<ReputationStore>> RocksReputationStore::Load(const Options& options,
                                                                            OpenedDatabase opened) {
  std::unique_ptr<RocksReputationStore> store(
      new RocksReputationStore(options, std::move(opened.database)));
  absl::MutexLock lock(&store->writer_);
  absl::Status loaded = store->LoadVersions();
  if (loaded.ok()) loaded = store->LoadCounters();
  if (loaded.ok()) loaded = store->AdoptFamilies(std::move(opened.families));
  if (loaded.ok()) loaded = store->RemoveLeftovers();
  if (!loaded.ok()) return Explain(loaded, options.directory);
  store->Publish();
  return store;
}

absl::Status RocksReputationStore::LoadVersions() {
  std::unique_ptr<rocksdb::Iterator> iterator(
      database_->db()->NewIterator(rocksdb::ReadOptions(), database_->meta()));
  absl::MutexLock lock(&view_);
  for (iterator->Seek(kVersionKeyPrefix);
       iterator->Valid() && absl::StartsWith(ToView(iterator->key()), kVersionKeyPrefix);
       iterator->Next()) {
    absl::StatusOr<StoredVersion> version = DecodeVersion(ToView(iterator->value()));
    if (!version.ok()) return version.status();
    number_ = std::max(number_, version->generation);
    for (const std::string& pack : version->served.packs) {
      version->served.pack_bytes += packs_.SizeOf(pack);
    }
    kept_[version->served.feed].push_back(*std::move(version));
  }
  for (auto& [feed, versions] : kept_) {
    std::sort(versions.begin(), versions.end(),
              [](const auto& a, const auto& b) { return a.generation > b.generation; });
  }
  return DatabaseError(iterator->status(), "read the versions");
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
  for (const auto& [feed, versions] : kept_) {
    const StoredVersion& served = versions.front();
    auto family = families.find(served.column_family);
    if (family == families.end()) {
      return absl::DataLossError(
          absl::StrCat("feed ", feed, " has no column family ", served.column_family));
    }
    if (absl::StatusOr<size_t> layer = LayerOf(feed); layer.ok()) {
      layers_[*layer] = {served.served, family->second};
    }
    families.erase(family);
  }
  // What is left was being built when the last process ended, or was replaced and still read.
  for (const auto& [name, orphan] : families) {
    if (absl::Status s = orphan->Drop(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RocksReputationStore::RemoveLeftovers() {
  absl::StatusOr<std::vector<std::string>> staged = ListDirectory(staging_);
  if (!staged.ok()) return staged.status();
  for (const std::string& name : *staged) unlink(absl::StrCat(staging_, "/", name).c_str());
  std::set<std::string> referenced;
  {
    absl::MutexLock lock(&view_);
    referenced = ReferencedPacks();
  }
  // A database without versions is new, perhaps in the place of a damaged one: its packs are
  // wanted for the import that follows.
  return packs_.RemoveUnreferenced(referenced, /*keep_packs=*/referenced.empty());
}

}  // namespace cloister::storage
