#include "server/updates/pack_intake.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "sync/trust/updater.h"

namespace cloister::server {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

// Packs are made readable by cloisterd alone, and writable by nobody.
constexpr uint32_t kPackMode = 0400;

absl::StatusOr<trust::TargetFile> SignedFileOf(const trust::Targets& targets,
                                               const PackTarget& pack) {
  auto listed = targets.targets.find(pack.path);
  // A pack that was held may be on offer no longer, and another under its path.
  if (listed != targets.targets.end() && listed->second.hashes.at("sha256") == pack.sha256) {
    return listed->second;
  }
  return Rejected(RejectReason::kTargetMissing,
                  absl::StrCat(pack.path, " is not in the targets metadata"));
}

// Whether the store has the pack in its full length. One cut short is taken again.
bool HasWhole(const storage::ReputationStore& store, const PackTarget& pack) {
  struct stat info;
  return store.HasPack(pack.sha256) && stat(store.PackPath(pack.sha256).c_str(), &info) == 0 &&
         static_cast<uint64_t>(info.st_size) == pack.bytes;
}

absl::Status CheckHeader(const std::string& path, const PackTarget& pack,
                         const storage::PackLimits& limits) {
  absl::StatusOr<std::unique_ptr<storage::PackReader>> reader =
      storage::PackReader::Open(path, limits);
  if (!reader.ok()) return reader.status();
  const storage::PackHeader stated = {.feed = pack.feed,
                                      .from_version = pack.from_version,
                                      .to_version = pack.to_version,
                                      .part = pack.part,
                                      .parts = pack.parts};
  if ((*reader)->header() == stated) return absl::OkStatus();
  const storage::PackHeader& found = (*reader)->header();
  return Rejected(
      RejectReason::kPackHeaderMismatch,
      absl::StrCat(pack.path, " says it is ", found.feed, " ", found.from_version, " to ",
                   found.to_version, " part ", found.part, "/", found.parts,
                   ", and the signed metadata says ", stated.feed, " ", stated.from_version, " to ",
                   stated.to_version, " part ", stated.part, "/", stated.parts));
}

absl::Status CheckSpace(const std::vector<const PackTarget*>& packs,
                        const PackIntakeOptions& options) {
  uint64_t bytes = 0;
  for (const PackTarget* pack : packs) bytes += pack->bytes;
  absl::StatusOr<uint64_t> free = storage::FreeBytes(options.store->PackDirectory());
  if (!free.ok()) return free.status();
  if (*free >= bytes && *free - bytes >= options.reserve_bytes) return absl::OkStatus();
  return Rejected(
      RejectReason::kNoSpace,
      absl::StrCat(options.store->PackDirectory(), " has ", *free, " bytes free; copying ",
                   packs.front()->path,
                   " and what follows "
                   "needs ",
                   bytes, " and ", options.reserve_bytes, " kept in reserve: free disk space"));
}

absl::Status TakePack(SpoolEntry& entry, const trust::Targets& targets, const PackTarget& pack,
                      const PackIntakeOptions& options) {
  absl::StatusOr<trust::TargetFile> file = SignedFileOf(targets, pack);
  if (!file.ok()) return file.status();
  absl::StatusOr<storage::TemporaryFile> copy =
      storage::TemporaryFile::Create(options.store->PackDirectory());
  if (!copy.ok()) return copy.status();
  absl::Status fetched = trust::FetchTarget(
      entry, pack.path, *file, [&copy](absl::string_view piece) { return copy->Append(piece); });
  if (!fetched.ok()) return fetched;
  absl::Status header = CheckHeader(copy->path(), pack, options.limits);
  if (!header.ok()) return header;
  return copy->Commit(options.store->PackPath(pack.sha256), kPackMode);
}

// Several threads take packs from one list; the first failure ends it.
class Intake {
 public:
  Intake(SpoolEntry* entry, const trust::Targets* targets, const PackIntakeOptions* options,
         std::vector<const PackTarget*> packs)
      : entry_(entry), targets_(targets), options_(options), packs_(std::move(packs)) {}

  // Takes packs until none is left.
  void Run() {
    while (const PackTarget* pack = Next()) {
      const bool is_new = !options_->store->HasPack(pack->sha256);
      absl::Status taken = TakePack(*entry_, *targets_, *pack, *options_);
      absl::MutexLock lock(&mutex_);
      if (!taken.ok() && status_.ok()) status_ = std::move(taken);
      // Another may be part of what is served.
      if (taken.ok() && is_new) copied_.push_back(pack->sha256);
    }
  }

  // Once all threads are done.
  absl::Status Finish(std::vector<std::string>* copied) {
    absl::MutexLock lock(&mutex_);
    copied->insert(copied->end(), copied_.begin(), copied_.end());
    return status_;
  }

 private:
  const PackTarget* Next() {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok() || next_ == packs_.size()) return nullptr;
    return packs_[next_++];
  }

  SpoolEntry* const entry_;
  const trust::Targets* const targets_;
  const PackIntakeOptions* const options_;
  const std::vector<const PackTarget*> packs_;
  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> copied_ ABSL_GUARDED_BY(mutex_);
};

// Without those of snapshots that are not there in full: their parts must not be taken for those of
// another cut of the same version.
std::vector<PackTarget> WithoutIncompleteSnapshots(std::vector<PackTarget> packs) {
  std::map<uint64_t, uint32_t> parts;
  for (const PackTarget& pack : packs) {
    if (!pack.is_delta()) ++parts[pack.to_version];
  }
  packs.erase(std::remove_if(packs.begin(), packs.end(),
                             [&parts](const PackTarget& pack) {
                               return !pack.is_delta() && parts[pack.to_version] != pack.parts;
                             }),
              packs.end());
  return packs;
}

}  // namespace

std::vector<PackTarget> PacksAtHand(const SpoolEntry& entry, const trust::Targets& targets,
                                    const std::vector<PackTarget>& offered,
                                    const storage::ReputationStore& store, absl::Status* missing) {
  std::vector<PackTarget> at_hand;
  for (const PackTarget& pack : offered) {
    absl::Status found;
    if (!HasWhole(store, pack)) {
      absl::StatusOr<trust::TargetFile> file = SignedFileOf(targets, pack);
      found = file.ok()
                  ? entry.CheckTarget(trust::ConsistentTargetName(pack.path, *file), pack.bytes)
                  : file.status();
    }
    if (found.ok()) {
      at_hand.push_back(pack);
    } else if (missing->ok() || (!absl::IsNotFound(found) && absl::IsNotFound(*missing))) {
      *missing = found;  // what is wrong with a file tells more than that another is absent
    }
  }
  return WithoutIncompleteSnapshots(std::move(at_hand));
}

absl::Status TakePacks(SpoolEntry& entry, const trust::Targets& targets,
                       const std::vector<PackTarget>& chain, const PackIntakeOptions& options,
                       std::vector<std::string>* copied) {
  std::vector<const PackTarget*> wanted;
  for (const PackTarget& pack : chain) {
    if (!HasWhole(*options.store, pack)) wanted.push_back(&pack);
  }
  if (wanted.empty()) return absl::OkStatus();
  if (absl::Status s = CheckSpace(wanted, options); !s.ok()) return s;
  const size_t helpers = std::min<size_t>(options.threads, wanted.size()) - 1;
  Intake intake(&entry, &targets, &options, std::move(wanted));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < helpers; ++i) threads.emplace_back([&intake] { intake.Run(); });
  intake.Run();
  for (std::thread& thread : threads) thread.join();
  return intake.Finish(copied);
}

void DropPacks(const storage::ReputationStore& store, const std::vector<std::string>& packs) {
  for (const std::string& sha256 : packs) unlink(store.PackPath(sha256).c_str());
}

absl::StatusOr<storage::VersionSpec> VersionOf(const std::vector<PackTarget>& chain,
                                               absl::Time published) {
  if (chain.empty()) {
    return Rejected(RejectReason::kVersionGap, "the targets metadata offers no version");
  }
  const PackTarget& last = chain.back();
  storage::VersionSpec spec;
  spec.feed = last.feed;
  spec.version = last.to_version;
  spec.coverage = last.coverage;
  spec.prefix_lengths = last.prefix_lengths;
  spec.records = last.version_records;
  spec.published = published;
  spec.sources = last.sources;
  for (const PackTarget& pack : chain) {
    absl::StatusOr<storage::ContentDigest> result =
        storage::ContentDigest::Parse(pack.content_digest);
    if (!result.ok()) {
      return Rejected(RejectReason::kTargetUndescribed,
                      absl::StrCat(pack.path, ": content_digest: ", result.status().message()));
    }
    spec.packs.push_back({.sha256 = pack.sha256,
                          .bytes = pack.bytes,
                          .from_version = pack.from_version,
                          .to_version = pack.to_version,
                          .result = *result});
    if (pack.base_digest.empty()) continue;
    absl::StatusOr<storage::ContentDigest> base = storage::ContentDigest::Parse(pack.base_digest);
    if (!base.ok()) {
      return Rejected(RejectReason::kTargetUndescribed,
                      absl::StrCat(pack.path, ": base_digest: ", base.status().message()));
    }
    spec.packs.back().base = *base;
  }
  return spec;
}

}  // namespace cloister::server
