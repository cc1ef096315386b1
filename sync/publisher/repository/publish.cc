#include "sync/publisher/repository/publish.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "sync/publisher/repository/deltas.h"
#include "sync/publisher/repository/held_versions.h"
#include "sync/publisher/repository/merged_deltas.h"
#include "sync/publisher/repository/release.h"
#include "sync/publisher/repository/retention.h"
#include "sync/publisher/repository/version_packs.h"

namespace cloister::publisher {
namespace {

using trust::PackTarget;
using trust::Role;

// Below this, what deltas cost beside a snapshot is nothing that a snapshot would mend.
constexpr uint64_t kCheapDeltaBytes = 1 << 20;

bool PastHalf(const std::optional<trust::Common>& common, absl::Duration lifetime, absl::Time now) {
  return common.has_value() && common->expires - now < lifetime / 2;
}

template <typename T>
std::optional<trust::Common> CommonOf(const std::optional<T>& file) {
  return file.has_value() ? std::optional<trust::Common>(*file) : std::nullopt;
}

bool NeedsRenewal(const Published& published, const PublishOptions& options) {
  const Lifetimes& lifetimes = options.lifetimes;
  return PastHalf(CommonOf(published.targets), lifetimes.targets, options.now) ||
         PastHalf(CommonOf(published.snapshot), lifetimes.snapshot, options.now) ||
         PastHalf(CommonOf(published.timestamp), lifetimes.timestamp, options.now);
}

// The content digest of `version`, as far as a pack in `packs` states it.
std::string ContentOf(uint64_t version, const std::vector<PackTarget>& packs) {
  for (const PackTarget& pack : packs) {
    if (pack.to_version == version) return pack.content_digest;
    if (pack.from_version == version && !pack.base_digest.empty()) return pack.base_digest;
  }
  return "";
}

// One run of Publish.
class Publication {
 public:
  Publication(Repository& repository, const SortedEntries& entries, const PublishOptions& options,
              Published before)
      : repository_(repository),
        entries_(entries),
        options_(options),
        before_(std::move(before)),
        held_(repository, before_.packs) {
    pack_options_.feed = repository.settings().feed;
    pack_options_.directory = repository.building_directory();
    pack_options_.from_version = before_.version();
    pack_options_.to_version = before_.version() + 1;
    pack_options_.max_part_bytes = options.max_part_bytes;
    // Who would need a delta that is larger takes the snapshot.
    pack_options_.max_delta_bytes = std::min(options.max_delta_bytes, entries.snapshot_bytes());
    pack_options_.progress = options.progress;
  }

  absl::StatusOr<PublishResult> Run(const RoleSigners& signers) {
    absl::Status built = BuildPacks();
    if (!built.ok()) return built;
    result_.renewed = fresh_.empty() && (NeedsRenewal(before_, options_) || NotesDiffer());
    result_.version = std::max(trust::NewestVersion(fresh_), before_.version());
    result_.root_expires = before_.root.expires;
    result_.expires = before_.timestamp.has_value() ? before_.timestamp->expires : absl::Time();
    if (fresh_.empty() && !result_.renewed) return result_;

    std::vector<PackTarget> packs = before_.packs;
    for (PackTarget& pack : packs) {
      if (pack.to_version == result_.version) pack.sources = options_.sources;
    }
    packs.insert(packs.end(), fresh_.begin(), fresh_.end());
    absl::Status status = PlacePacks(repository_, fresh_);
    if (!status.ok()) return status;
    status = Release(repository_, before_, PacksToList(packs, repository_.settings().retention),
                     signers, options_);
    if (!status.ok()) return status;
    return CleanUp();
  }

 private:
  absl::Status BuildPacks() {
    const bool first = before_.version() == 0;
    if (!first) {
      absl::Status built = BuildDelta();
      if (!built.ok()) return built;
    }
    result_.new_version = first || delta_.any();
    result_.records = entries_.records();
    result_.labels = entries_.labels();
    if (!result_.new_version) pack_options_.to_version = before_.version();
    if (WantsSnapshot(first)) {
      absl::Status built = BuildSnapshot();
      if (!built.ok()) return built;
    }
    DescribeVersion();
    return absl::OkStatus();
  }

  absl::Status BuildDelta() {
    absl::StatusOr<std::vector<const storage::PackReader*>> newest = held_.Open(before_.version());
    if (!newest.ok()) return newest.status();
    const std::unique_ptr<storage::EntryCursor> before = storage::NewVersionCursor(*newest);
    const std::unique_ptr<storage::EntryCursor> after = entries_.NewCursor();
    absl::StatusOr<WrittenDelta> delta = WriteDelta(*before, *after, pack_options_);
    if (!delta.ok()) return delta.status();
    delta_ = *std::move(delta);
    result_.added = delta_.added;
    result_.changed = delta_.changed;
    result_.removed = delta_.removed;
    digest_ = delta_.digest;
    return delta_.pack.has_value() ? AddDeltas(*delta_.pack) : absl::OkStatus();
  }

  // The delta from the version before, and those merged with it.
  absl::Status AddDeltas(const PackTarget& step) {
    result_.delta_bytes = step.bytes;
    fresh_.push_back(step);
    absl::StatusOr<std::vector<PackTarget>> merged =
        MergeAligned(before_.packs, step, &held_, pack_options_);
    if (!merged.ok()) return merged.status();
    for (const PackTarget& pack : *merged) {
      result_.merged_delta_bytes += pack.bytes;
      fresh_.push_back(pack);
    }
    return absl::OkStatus();
  }

  bool WantsSnapshot(bool first) const {
    const uint64_t version = before_.version();
    const bool there = std::any_of(
        before_.packs.begin(), before_.packs.end(),
        [version](const PackTarget& p) { return !p.is_delta() && p.to_version == version; });
    if (first) return true;
    if (!result_.new_version) return options_.snapshot && !there;
    return options_.snapshot || !delta_.pack.has_value() || IsSnapshotWorthwhile();
  }

  // Whether who starts from nothing would fetch half a snapshot's bytes more than its content has.
  bool IsSnapshotWorthwhile() const {
    std::vector<PackTarget> packs = before_.packs;
    packs.insert(packs.end(), fresh_.begin(), fresh_.end());
    const absl::StatusOr<std::vector<PackTarget>> chain =
        trust::CheapestChain(packs, /*held=*/{}, kMaxChainDeltas);
    if (!chain.ok()) return true;
    uint64_t delta_bytes = 0;
    for (const PackTarget& pack : *chain) delta_bytes += pack.is_delta() ? pack.bytes : 0;
    return delta_bytes > std::max(kCheapDeltaBytes, entries_.snapshot_bytes() / 2);
  }

  absl::Status BuildSnapshot() {
    absl::StatusOr<WrittenPacks> snapshot = WriteSnapshot(entries_, pack_options_);
    if (!snapshot.ok()) return snapshot.status();
    if (before_.version() != 0 && !(snapshot->digest == digest_)) {
      return absl::InternalError("snapshot and delta lead to different contents");
    }
    digest_ = snapshot->digest;
    for (const PackTarget& pack : snapshot->packs) {
      result_.snapshot_bytes += pack.bytes;
      fresh_.push_back(pack);
    }
    result_.snapshot_parts = static_cast<uint32_t>(snapshot->packs.size());
    return absl::OkStatus();
  }

  // Whether what is offered names other sources than it is to.
  bool NotesDiffer() const {
    return std::any_of(before_.packs.begin(), before_.packs.end(), [this](const PackTarget& pack) {
      return pack.to_version == before_.version() && pack.sources != options_.sources;
    });
  }

  // What every pack that leads to the version says of it.
  void DescribeVersion() {
    result_.content_digest = digest_.ToString();
    PackTarget version;
    version.coverage = entries_.coverage();
    version.coverage.Add(options_.also_covers);
    version.prefix_lengths = entries_.prefix_lengths();
    version.minimum_poll_interval = options_.minimum_poll_interval;
    for (const PackTarget& pack : before_.packs) {
      if (pack.to_version != before_.version()) continue;
      if (!result_.new_version) {
        // A snapshot that is added to a version agrees with what is already there.
        version = pack;
      } else if (delta_.pack.has_value()) {
        // A delta takes nothing back that its base declares: clients could not tell whether all
        // that was declared is gone.
        version.coverage.Add(pack.coverage);
        version.prefix_lengths.Add(pack.prefix_lengths);
      }
    }
    for (PackTarget& pack : fresh_) {
      pack.version_records = entries_.records();
      pack.content_digest = result_.content_digest;
      pack.coverage = version.coverage;
      pack.prefix_lengths = version.prefix_lengths;
      pack.minimum_poll_interval = version.minimum_poll_interval;
      pack.sources = options_.sources;
      if (pack.is_delta()) pack.base_digest = ContentOf(pack.from_version, before_.packs);
    }
  }

  absl::StatusOr<PublishResult> CleanUp() {
    // Read back as a client would: what cannot be verified here can be verified nowhere.
    absl::StatusOr<Published> published = repository_.Load(options_.now);
    if (!published.ok()) return published.status();
    result_.expires = published->timestamp->expires;
    absl::StatusOr<Removed> removed =
        RemoveUnlisted(repository_, *published, before_, options_.now);
    if (!removed.ok()) return removed.status();
    return result_;
  }

  Repository& repository_;
  const SortedEntries& entries_;
  const PublishOptions& options_;
  const Published before_;
  HeldVersions held_;
  PackOptions pack_options_;
  WrittenDelta delta_;
  std::vector<PackTarget> fresh_;
  storage::ContentDigest digest_;
  PublishResult result_;
};

}  // namespace

absl::StatusOr<PublishResult> Publish(Repository& repository, const RoleSigners& signers,
                                      const SortedEntries& entries, const PublishOptions& options) {
  if (entries.records() == 0) {
    return absl::FailedPreconditionError(
        "no entry was accepted from any source, and an empty version would empty every appliance; "
        "nothing was published. Look at the sources");
  }
  absl::Status good = reputation::CheckSourceNotes(options.sources);
  if (!good.ok()) return good;
  absl::StatusOr<Published> before = repository.Load(options.now);
  if (!before.ok()) return before.status();
  good = CheckAllSigners(before->root, signers);
  if (!good.ok()) return good;
  return Publication(repository, entries, options, *std::move(before)).Run(signers);
}

absl::StatusOr<RefreshResult> RefreshTimestamp(Repository& repository, const RoleSigners& signers,
                                               const PublishOptions& options) {
  absl::StatusOr<Published> before = repository.Load(options.now);
  if (!before.ok()) return before.status();
  if (!before->timestamp.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(repository.path(),
                     ": nothing has been published yet; run: cloister-publish "
                     "publish"));
  }
  absl::Status good = CheckSigners(before->root, Role::kTimestamp, signers.timestamp);
  if (!good.ok()) return good;
  absl::Status released =
      ReleaseTimestamp(repository, *before, before->timestamp->snapshot, signers, options);
  if (!released.ok()) return released;
  return RefreshResult{
      .version = before->version(),
      .expires = options.now + options.lifetimes.timestamp,
      .publish_before = std::min(before->snapshot->expires, before->targets->expires)};
}

}  // namespace cloister::publisher
