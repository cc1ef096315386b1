#include "server/updates/pack_intake.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
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

absl::Status CheckSpace(const PackTarget& pack, const PackIntakeOptions& options) {
  absl::StatusOr<uint64_t> free = storage::FreeBytes(options.store->PackDirectory());
  if (!free.ok()) return free.status();
  if (*free >= pack.bytes && *free - pack.bytes >= options.reserve_bytes) return absl::OkStatus();
  return Rejected(RejectReason::kNoSpace,
                  absl::StrCat(options.store->PackDirectory(), " has ", *free,
                               " bytes free; copying ", pack.path, " needs ", pack.bytes, " and ",
                               options.reserve_bytes, " kept in reserve: free disk space"));
}

absl::Status TakePack(SpoolEntry& entry, const trust::Targets& targets, const PackTarget& pack,
                      const PackIntakeOptions& options) {
  if (absl::Status s = CheckSpace(pack, options); !s.ok()) return s;
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
  return at_hand;
}

absl::Status TakePacks(SpoolEntry& entry, const trust::Targets& targets,
                       const std::vector<PackTarget>& chain, const PackIntakeOptions& options,
                       std::vector<std::string>* copied) {
  for (const PackTarget& pack : chain) {
    if (HasWhole(*options.store, pack)) continue;
    const bool is_new = !options.store->HasPack(pack.sha256);
    if (absl::Status s = TakePack(entry, targets, pack, options); !s.ok()) return s;
    if (is_new) copied->push_back(pack.sha256);  // another may be part of what is served
  }
  return absl::OkStatus();
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
  }
  return spec;
}

}  // namespace cloister::server
