// Kept versions of RocksReputationStore.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/rocks_reputation_store.h"
#include "storage/store/version_compare.h"
#include "storage/store/version_ingest.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

absl::Status NotKept(absl::string_view feed, uint64_t version) {
  return absl::NotFoundError(absl::StrCat("version ", version, " of feed ", feed, " is not kept"));
}

}  // namespace

absl::StatusOr<std::vector<ServedFeed>> RocksReputationStore::KeptVersions(
    absl::string_view feed) const {
  if (absl::StatusOr<size_t> layer = LayerOf(feed); !layer.ok()) return layer.status();
  std::vector<ServedFeed> versions;
  absl::ReaderMutexLock lock(&view_);
  auto found = kept_.find(feed);
  if (found == kept_.end()) return versions;
  for (const auto& [number, version] : found->second.all()) versions.push_back(version.served);
  return versions;
}

std::optional<StoredVersion> RocksReputationStore::FindKept(absl::string_view feed,
                                                            uint64_t version) const {
  absl::ReaderMutexLock lock(&view_);
  auto found = kept_.find(feed);
  if (found == kept_.end()) return std::nullopt;
  const StoredVersion* kept = found->second.Find(version);
  return kept == nullptr ? std::nullopt : std::make_optional(*kept);
}

std::optional<StoredVersion> RocksReputationStore::FindServed(absl::string_view feed) const {
  absl::ReaderMutexLock lock(&view_);
  auto found = kept_.find(feed);
  if (found == kept_.end()) return std::nullopt;
  const StoredVersion* served = found->second.Served();
  return served == nullptr ? std::nullopt : std::make_optional(*served);
}

uint32_t RocksReputationStore::ServedDeltas(absl::string_view feed) const {
  const std::optional<StoredVersion> served = FindServed(feed);
  if (!served) return 0;
  return static_cast<uint32_t>(
      std::count_if(served->packs.begin(), served->packs.end(),
                    [](const VersionPack& pack) { return pack.from_version != 0; }));
}

absl::Status RocksReputationStore::Keep(const VersionSpec& spec) {
  absl::StatusOr<size_t> layer = LayerOf(spec.feed);
  if (!layer.ok()) return layer.status();
  if (absl::Status s = CheckChain(spec); !s.ok()) return s;
  absl::MutexLock lock(&writer_);
  const uint64_t served = layers_[*layer].served.version;
  if (spec.version <= served) {
    return Rejected(RejectReason::kVersionRollback,
                    absl::StrCat("feed ", spec.feed, " serves version ", served, "; version ",
                                 spec.version, " is not newer, and has nothing to wait for"));
  }
  StoredVersion version = VersionFromSpec(spec);
  const std::optional<StoredVersion> known = FindKept(spec.feed, spec.version);
  if (known && known->served.packs == version.served.packs &&
      known->served.digest == version.served.digest) {
    version = *known;  // proved already, and perhaps served once
    version.served.published = std::max(version.served.published, spec.published);
    version.served.sources = spec.sources;
  } else {
    absl::StatusOr<size_t> known_packs = KnownPacks(*layer, spec);
    if (!known_packs.ok()) return known_packs.status();
    if (absl::Status s = Prove(version, *known_packs); !s.ok()) return s;
  }
  return Record(std::move(version));
}

// Writes it in place of others that are newer than what serves.
absl::Status RocksReputationStore::Record(StoredVersion version) {
  if (absl::Status s = CheckSpace(options_.directory, kLogRoomBytes); !s.ok()) return s;
  const std::string feed = version.served.feed;
  const uint64_t number = version.served.version;
  std::vector<StoredVersion> gone;
  {
    absl::MutexLock lock(&view_);
    gone = kept_[feed].OthersThatWait(number);
  }
  rocksdb::WriteBatch batch;
  batch.Put(database_->meta(), VersionKey(feed, number), EncodeVersion(version));
  for (const StoredVersion& other : gone) {
    batch.Delete(database_->meta(), VersionKey(feed, other.served.version));
  }
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status written = database_->db()->Write(synced, &batch);
  if (!written.ok()) return DatabaseError(written, "record a version that waits");
  if (std::optional<StoredVersion> replaced = FindKept(feed, number)) gone.push_back(*replaced);
  {
    absl::MutexLock lock(&view_);
    for (const StoredVersion& other : gone) kept_[feed].Erase(other.served.version);
    kept_[feed].Put(version);
  }
  for (const StoredVersion& other : gone) {
    manifests_.Remove(other);
    RemoveUnneeded(other);
  }
  // The database has it; the next start sees to it that the file is there.
  manifests_.Write(version).IgnoreError();
  return absl::OkStatus();
}

absl::Status RocksReputationStore::ServeKept(absl::string_view feed, uint64_t version) {
  absl::StatusOr<size_t> layer = LayerOf(feed);
  if (!layer.ok()) return layer.status();
  std::optional<StoredVersion> kept = FindKept(feed, version);
  if (!kept) return NotKept(feed, version);
  // Without the lock: it takes a second for a hundred million bytes.
  if (absl::Status s = CheckPacks(*kept); !s.ok()) return s;
  absl::MutexLock lock(&writer_);
  const std::vector<std::string> hashed = kept->served.packs;
  kept = FindKept(feed, version);
  if (!kept) return NotKept(feed, version);
  if (kept->served.packs != hashed) {
    return absl::AbortedError(
        absl::StrCat("version ", version, " of feed ", feed, " was replaced meanwhile; try again"));
  }
  const FeedLayer& serving = layers_[*layer];
  const bool serves = serving.family != nullptr && serving.served.version == version;
  if (serves && !serving.family->damaged()) return absl::OkStatus();
  const size_t packs = kept->packs.size();
  return Import(*layer, *std::move(kept), packs);
}

absl::Status RocksReputationStore::Forget(absl::string_view feed, uint64_t version) {
  absl::StatusOr<size_t> layer = LayerOf(feed);
  if (!layer.ok()) return layer.status();
  absl::MutexLock lock(&writer_);
  const std::optional<StoredVersion> kept = FindKept(feed, version);
  if (!kept) return NotKept(feed, version);
  if (layers_[*layer].family != nullptr && layers_[*layer].served.version == version) {
    return absl::FailedPreconditionError(
        absl::StrCat("version ", version, " of feed ", feed, " serves; serve another one first"));
  }
  return Drop(std::string(feed), {*kept});
}

void RocksReputationStore::Prune(const std::string& feed) {
  std::vector<StoredVersion> unwanted;
  {
    absl::MutexLock lock(&view_);
    unwanted = kept_[feed].Unwanted(options_.kept_versions, directives_[feed].pinned);
  }
  // If this fails these versions are kept until a later import.
  if (!unwanted.empty()) Drop(feed, unwanted).IgnoreError();
}

absl::Status RocksReputationStore::Drop(const std::string& feed,
                                        const std::vector<StoredVersion>& versions) {
  rocksdb::WriteBatch batch;
  for (const StoredVersion& version : versions) {
    batch.Delete(database_->meta(), VersionKey(feed, version.served.version));
  }
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status written = database_->db()->Write(synced, &batch);
  if (!written.ok()) return DatabaseError(written, "stop keeping a version");
  {
    absl::MutexLock lock(&view_);
    for (const StoredVersion& version : versions) kept_[feed].Erase(version.served.version);
  }
  for (const StoredVersion& version : versions) {
    manifests_.Remove(version);
    RemoveUnneeded(version);
  }
  return absl::OkStatus();
}

void RocksReputationStore::RemoveUnneeded(const StoredVersion& gone) {
  const std::set<std::string> referenced = ReferencedPacks();
  for (const std::string& pack : gone.served.packs) {
    if (referenced.count(pack) == 0) packs_.Remove(pack);
  }
}

std::set<std::string> RocksReputationStore::ReferencedPacks() const {
  std::set<std::string> referenced;
  absl::ReaderMutexLock lock(&view_);
  for (const auto& [feed, kept] : kept_) {
    for (const auto& [number, version] : kept.all()) {
      referenced.insert(version.served.packs.begin(), version.served.packs.end());
    }
  }
  return referenced;
}

absl::Status RocksReputationStore::Compare(const VersionSpec& spec,
                                           const RecordChangeVisitor& visit) const {
  absl::StatusOr<size_t> layer = LayerOf(spec.feed);
  if (!layer.ok()) return layer.status();
  if (absl::Status s = CheckChain(spec); !s.ok()) return s;
  // What this holds stays readable, whatever is served or removed meanwhile.
  const std::shared_ptr<const GenerationView> view = View();
  const ServedFeed& served = view->feeds()[*layer];
  const ColumnFamily* family = view->family(*layer).get();
  const bool continues = family != nullptr && Continues(spec, served);
  std::vector<std::unique_ptr<PackReader>> readers;
  std::vector<const PackReader*> packs;
  for (size_t i = continues ? served.packs.size() : 0; i < spec.packs.size(); ++i) {
    absl::StatusOr<std::unique_ptr<PackReader>> reader =
        PackReader::Open(packs_.PathOf(spec.packs[i].sha256), PackLimits());
    if (absl::IsNotFound(reader.status())) {
      return Rejected(RejectReason::kPackUnreadable, reader.status().message());
    }
    if (!reader.ok()) return reader.status();
    packs.push_back(reader->get());
    readers.push_back(*std::move(reader));
  }
  if (continues) return CompareDeltas(*database_, *family, packs, visit);
  return CompareVersions(*database_, family, packs, visit);
}

absl::Status RocksReputationStore::CompareKept(absl::string_view feed, uint64_t version,
                                               const RecordChangeVisitor& visit) const {
  if (absl::StatusOr<size_t> layer = LayerOf(feed); !layer.ok()) return layer.status();
  const std::optional<StoredVersion> kept = FindKept(feed, version);
  if (!kept) return NotKept(feed, version);
  return Compare(SpecOfVersion(*kept), visit);
}

}  // namespace cloister::storage
