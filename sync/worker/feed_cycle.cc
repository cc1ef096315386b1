#include "sync/worker/feed_cycle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/trust_state/trust_state.h"

namespace cloister::worker {

using trust::PackTarget;

// What a refresh left trusted.
struct FeedCycle::Trusted {
  std::unique_ptr<trust::Updater> updater;
  std::map<uint64_t, std::string> roots;
  std::vector<PackTarget> offered;
};

namespace {

const trust::TargetFile& FileOf(const trust::Updater& updater, const PackTarget& pack) {
  return updater.targets()->targets.at(pack.path);
}

// The signed files under the names that the workflow asks for.
std::map<std::string, std::string> MetadataOf(const trust::Updater& updater,
                                              const std::map<uint64_t, std::string>& roots) {
  std::map<std::string, std::string> metadata;
  for (const auto& [version, bytes] : roots) {
    metadata[absl::StrCat(version, ".root.json")] = bytes;
  }
  const trust::TrustedState& state = updater.state();
  metadata["timestamp.json"] = state.timestamp;
  metadata[absl::StrCat(updater.snapshot()->version, ".snapshot.json")] = state.snapshot;
  metadata[absl::StrCat(updater.targets()->version, ".targets.json")] = state.targets;
  return metadata;
}

std::map<std::string, std::string> LinksOf(const trust::Updater& updater,
                                           const std::vector<PackTarget>& chain,
                                           const PackFolder& folder) {
  std::map<std::string, std::string> links;
  for (const PackTarget& pack : chain) {
    links[trust::ConsistentTargetName(pack.path, FileOf(updater, pack))] = folder.PathOf(pack);
  }
  return links;
}

bool SamePacks(const std::optional<std::set<std::string>>& before, const EntryContents& now) {
  if (!before.has_value() || before->size() != now.packs.size()) return false;
  for (const auto& [name, path] : now.packs) {
    if (before->count(name) == 0) return false;
  }
  return true;
}

void Describe(const trust::Updater& updater, const std::vector<PackTarget>& offered,
              CycleResult* result) {
  result->version = trust::NewestVersion(offered);
  result->timestamp_version = updater.timestamp()->version;
  result->issued = updater.timestamp()->issued;
  result->expired = updater.expired();
  for (const PackTarget& pack : offered) {
    if (pack.to_version != result->version) continue;
    result->minimum_poll_interval =
        std::max(result->minimum_poll_interval, pack.minimum_poll_interval);
  }
}

// Held while a cycle works with the state directory.
class CycleLock {
 public:
  static absl::StatusOr<CycleLock> Take(const std::string& state_directory) {
    const std::string path = absl::StrCat(state_directory, "/lock");
    CycleLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    bool taken = false;
    while (lock.fd_ >= 0 && !(taken = flock(lock.fd_, LOCK_EX) == 0) && errno == EINTR) {
    }
    if (taken) return lock;
    return reputation::Rejected(reputation::RejectReason::kIoError,
                                absl::StrCat("cannot lock ", path, ": ", strerror(errno)));
  }
  CycleLock(CycleLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  CycleLock& operator=(CycleLock&& other) = delete;
  ~CycleLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit CycleLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace

absl::string_view OutcomeName(CycleResult::Outcome outcome) {
  switch (outcome) {
    case CycleResult::Outcome::kUnchanged:
      return "unchanged";
    case CycleResult::Outcome::kRefreshed:
      return "refreshed";
    case CycleResult::Outcome::kHandedOver:
      return "handed_over";
  }
  return "";
}

absl::StatusOr<FeedCycle::Trusted> FeedCycle::Refresh(trust::Fetcher& fetcher, absl::Time now) {
  auto state = trust::TrustStateDirectory::Open(absl::StrCat(options_.state_directory, "/trust"),
                                                options_.root, options_.limits);
  if (!state.ok()) return state.status();
  absl::StatusOr<absl::Time> time = state->MonotonicTime(now);
  if (!time.ok()) return time.status();
  auto updater = trust::Updater::Create(state->state(), options_.limits);
  if (!updater.ok()) return updater.status();
  absl::Status refreshed = (*updater)->Refresh(
      fetcher, {.now = *time, .accept_expired_within = options_.accept_expired_within});
  // What was verified before an error is kept, so that nobody can take it back.
  absl::Status saved = state->Save((*updater)->state(), (*updater)->new_roots());
  if (!refreshed.ok()) return refreshed;
  if (!saved.ok()) return saved;
  auto offered = trust::PacksOnOffer(*(*updater)->targets(), options_.feed);
  if (!offered.ok()) return offered.status();
  return Trusted{*std::move(updater), state->roots(), *std::move(offered)};
}

absl::StatusOr<CycleResult> FeedCycle::Run(trust::Fetcher& fetcher, absl::Time now) {
  absl::Status s = storage::MakeDirectories(options_.state_directory, 0700);
  if (!s.ok()) return s;
  auto lock = CycleLock::Take(options_.state_directory);
  if (!lock.ok()) return lock.status();
  auto spool = SpoolFolder::Open(options_.spool_directory, options_.feed);
  if (!spool.ok()) return spool.status();
  auto trusted = Refresh(fetcher, now);
  if (!trusted.ok()) return trusted.status();
  CycleResult result;
  Describe(*trusted->updater, trusted->offered, &result);
  EntryContents contents{
      result.timestamp_version, MetadataOf(*trusted->updater, trusted->roots), {}, options_.origin};
  if (spool->Holds(contents.timestamp_version, contents.metadata)) return result;

  auto folder = PackFolder::Open(absl::StrCat(options_.state_directory, "/packs"),
                                 options_.spool_directory, options_.pack_limits);
  if (!folder.ok()) return folder.status();
  auto chain = BringChain(*trusted, fetcher, *folder, &result);
  if (!chain.ok()) return chain.status();
  contents.packs = LinksOf(*trusted->updater, *chain, *folder);
  const bool same = SamePacks(spool->NewestPacks(), contents);
  s = spool->HandOver(contents);
  if (s.ok()) s = folder->KeepOnly(*chain);
  if (!s.ok()) return s;
  result.outcome = same ? CycleResult::Outcome::kRefreshed : CycleResult::Outcome::kHandedOver;
  return result;
}

// Only packs on offer count as held: an entry of the spool must be whole by its own metadata, and
// that names no others.
absl::StatusOr<FeedCycle::Packs> FeedCycle::BringChain(const Trusted& trusted,
                                                       trust::Fetcher& fetcher, PackFolder& folder,
                                                       CycleResult* result) {
  auto chain = trust::CheapestChain(ToBeHad(trusted, fetcher, folder), folder.Held(trusted.offered),
                                    options_.max_deltas);
  if (!chain.ok()) return chain.status();
  const uint64_t newest = trust::NewestVersion(trusted.offered);
  if (chain->back().to_version != newest) {
    return reputation::Rejected(
        reputation::RejectReason::kVersionGap,
        absl::StrCat("version ", newest, " is listed, but what is to be had ends at version ",
                     chain->back().to_version));
  }
  auto missing = Missing(*chain, folder);
  if (!missing.ok()) return missing.status();
  if (absl::Status s = CheckSpace(*missing, folder); !s.ok()) return s;
  for (const PackTarget& pack : *missing) {
    absl::Status s = folder.Fetch(fetcher, pack, FileOf(*trusted.updater, pack));
    if (!s.ok()) return s;
    result->packs_fetched += 1;
    result->bytes_fetched += pack.bytes;
  }
  return chain;
}

// What is listed, as far as the source has it or it is here already. A chain that ends before the
// newest version listed is none.
FeedCycle::Packs FeedCycle::ToBeHad(const Trusted& trusted, trust::Fetcher& fetcher,
                                    const PackFolder& folder) {
  Packs packs;
  for (const PackTarget& pack : trusted.offered) {
    const std::string name = trust::ConsistentTargetName(pack.path, FileOf(*trusted.updater, pack));
    if (fetcher.Offers(name) || !folder.Held({pack}).empty()) packs.push_back(pack);
  }
  return packs;
}

// Packs that rotted on this disk are fetched again before they are handed over.
absl::StatusOr<FeedCycle::Packs> FeedCycle::Missing(const Packs& chain, PackFolder& folder) {
  Packs missing;
  for (const PackTarget& pack : chain) {
    if (!folder.Held({pack}).empty()) {
      absl::StatusOr<bool> good = folder.StillGood(pack);
      if (!good.ok()) return good.status();
      if (*good) continue;
    }
    missing.push_back(pack);
  }
  return missing;
}

absl::Status FeedCycle::CheckSpace(const Packs& missing, const PackFolder& folder) {
  uint64_t needed = 0;
  for (const PackTarget& pack : missing) needed += pack.bytes;
  if (needed == 0) return absl::OkStatus();
  absl::StatusOr<uint64_t> free = storage::FreeBytes(folder.directory());
  if (!free.ok()) return free.status();
  if (*free >= needed && *free - needed >= options_.reserve_bytes) return absl::OkStatus();
  return reputation::Rejected(
      reputation::RejectReason::kNoSpace,
      absl::StrCat("fetching ", missing.size(), " packs takes ", needed, " bytes and must leave ",
                   options_.reserve_bytes, " free, but ", folder.directory(), " has ", *free,
                   "; free space there, or lower reserve_mb"));
}

}  // namespace cloister::worker
