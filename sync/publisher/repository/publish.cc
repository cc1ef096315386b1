#include "sync/publisher/repository/publish.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "sync/publisher/repository/release.h"
#include "sync/publisher/repository/retention.h"
#include "sync/publisher/repository/version_packs.h"

namespace cloister::publisher {
namespace {

using trust::PackTarget;
using trust::Role;

// The packs of the newest version, opened, with a cursor over its entries.
struct NewestVersionPacks {
  std::vector<std::unique_ptr<storage::PackReader>> readers;
  std::unique_ptr<storage::EntryCursor> cursor;  // before the readers go
};

absl::StatusOr<NewestVersionPacks> OpenNewest(const Repository& repository,
                                              const Published& published, uint32_t max_deltas) {
  absl::StatusOr<std::vector<PackTarget>> chain =
      trust::CheapestChain(published.packs, /*held=*/{}, max_deltas);
  if (!chain.ok()) return chain.status();
  NewestVersionPacks opened;
  std::vector<const storage::PackReader*> readers;
  for (const PackTarget& pack : *chain) {
    const std::string path = repository.PackPath(pack);
    // A publisher that built upon a rotten pack would sign a delta that nobody can apply.
    if (absl::Status good = repository.CheckPack(pack); !good.ok()) return good;
    absl::StatusOr<std::unique_ptr<storage::PackReader>> reader =
        storage::PackReader::Open(path, storage::PackLimits());
    if (!reader.ok()) return reader.status();
    readers.push_back(reader->get());
    opened.readers.push_back(*std::move(reader));
  }
  opened.cursor = storage::NewVersionCursor(readers);
  return opened;
}

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

// One run of Publish.
class Publication {
 public:
  Publication(Repository& repository, const SortedEntries& entries, const PublishOptions& options,
              Published before)
      : repository_(repository), entries_(entries), options_(options), before_(std::move(before)) {
    pack_options_.feed = repository.settings().feed;
    pack_options_.directory = repository.building_directory();
    pack_options_.from_version = before_.version();
    pack_options_.to_version = before_.version() + 1;
    pack_options_.max_part_bytes = options.max_part_bytes;
    pack_options_.max_delta_bytes = options.max_delta_bytes;
    pack_options_.progress = options.progress;
  }

  absl::StatusOr<PublishResult> Run(const RoleSigners& signers) {
    absl::Status built = BuildPacks();
    if (!built.ok()) return built;
    result_.renewed = fresh_.empty() && NeedsRenewal(before_, options_);
    result_.version = std::max(trust::NewestVersion(fresh_), before_.version());
    result_.root_expires = before_.root.expires;
    result_.expires = before_.timestamp.has_value() ? before_.timestamp->expires : absl::Time();
    if (fresh_.empty() && !result_.renewed) return result_;

    std::vector<PackTarget> packs = before_.packs;
    packs.insert(packs.end(), fresh_.begin(), fresh_.end());
    absl::Status status = PlacePacks(repository_, fresh_);
    if (!status.ok()) return status;
    status = Release(repository_, before_, PacksToList(packs), signers, options_);
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
    absl::StatusOr<NewestVersionPacks> newest =
        OpenNewest(repository_, before_, options_.max_deltas);
    if (!newest.ok()) return newest.status();
    absl::StatusOr<WrittenDelta> delta = WriteDelta(*newest->cursor, entries_, pack_options_);
    if (!delta.ok()) return delta.status();
    delta_ = *std::move(delta);
    result_.added = delta_.added;
    result_.changed = delta_.changed;
    result_.removed = delta_.removed;
    digest_ = delta_.digest;
    if (delta_.pack.has_value()) {
      result_.delta_bytes = delta_.pack->bytes;
      fresh_.push_back(*delta_.pack);
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
    return options_.snapshot || !delta_.pack.has_value() ||
           DeltasAfterSnapshot(before_.packs) + 1 > options_.max_deltas;
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

  // What every pack that leads to the version says of it.
  void DescribeVersion() {
    result_.content_digest = digest_.ToString();
    PackTarget version;
    version.coverage = entries_.coverage();
    version.coverage.Add(options_.also_covers);
    version.minimum_poll_interval = options_.minimum_poll_interval;
    if (!result_.new_version) {
      // A snapshot that is added to a version agrees with what is already there.
      for (const PackTarget& pack : before_.packs) {
        if (pack.to_version == before_.version()) version = pack;
      }
    }
    for (PackTarget& pack : fresh_) {
      pack.version_records = entries_.records();
      pack.content_digest = result_.content_digest;
      pack.coverage = version.coverage;
      pack.prefix_lengths = entries_.prefix_lengths();
      pack.minimum_poll_interval = version.minimum_poll_interval;
    }
  }

  absl::StatusOr<PublishResult> CleanUp() {
    // Read back as a client would: what cannot be verified here can be verified nowhere.
    absl::StatusOr<Published> published = repository_.Load(options_.now);
    if (!published.ok()) return published.status();
    result_.expires = published->timestamp->expires;
    absl::StatusOr<Removed> removed = RemoveUnlisted(repository_, *published, before_);
    if (!removed.ok()) return removed.status();
    return result_;
  }

  Repository& repository_;
  const SortedEntries& entries_;
  const PublishOptions& options_;
  const Published before_;
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
  absl::StatusOr<Published> before = repository.Load(options.now);
  if (!before.ok()) return before.status();
  const std::pair<Role, const std::vector<SigningKey>*> roles[] = {
      {Role::kTargets, &signers.targets},
      {Role::kSnapshot, &signers.snapshot},
      {Role::kTimestamp, &signers.timestamp}};
  for (const auto& [role, keys] : roles) {
    absl::Status good = CheckSigners(before->root, role, *keys);
    if (!good.ok()) return good;
  }
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

absl::StatusOr<absl::Time> RenewRoot(Repository& repository,
                                     const std::vector<SigningKey>& root_keys,
                                     const PublishOptions& options) {
  absl::StatusOr<Published> before = repository.Load(options.now);
  if (!before.ok()) return before.status();
  absl::Status good = CheckSigners(before->root, Role::kRoot, root_keys);
  if (!good.ok()) return good;
  trust::Root root = before->root;
  ++root.version;
  root.expires = options.now + options.lifetimes.root;
  absl::Status released = ReleaseRoot(repository, root, root_keys);
  if (!released.ok()) return released;
  return root.expires;
}

}  // namespace cloister::publisher
