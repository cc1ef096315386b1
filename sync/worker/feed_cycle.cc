#include "sync/worker/feed_cycle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/worker/handed_over.h"
#include "sync/worker/mirror_folder.h"
#include "sync/worker/pack_fetch.h"
#include "sync/worker/pack_folder.h"
#include "sync/worker/snapshot_proof.h"
#include "sync/worker/spool_folder.h"
#include "sync/worker/trusted_feed.h"

namespace cloister::worker {

namespace {

std::map<std::string, std::string> LinksOf(const TrustedFeed& feed, const Packs& packs,
                                           const PackFolder& folder) {
  std::map<std::string, std::string> links;
  for (const trust::PackTarget& pack : packs) links[feed.NameOf(pack)] = folder.PathOf(pack);
  return links;
}

bool SamePacks(const std::map<std::string, std::string>& before, const EntryContents& now) {
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  return std::equal(before.begin(), before.end(), now.packs.begin(), now.packs.end(), same_name);
}

void Describe(const TrustedFeed& feed, CycleResult* result) {
  result->version = trust::NewestVersion(feed.offered);
  result->timestamp_version = feed.updater->timestamp()->version;
  result->issued = feed.updater->timestamp()->issued;
  result->expired = feed.updater->expired();
  for (const trust::PackTarget& pack : feed.offered) {
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

struct FeedCycle::Work {
  TrustedFeed feed;
  SpoolFolder spool;
  PackFolder folder;
  trust::Fetcher& fetcher;
  SnapshotProof proof;
  EntryContents contents;  // its packs are named last
  Packs packs = {};        // what is handed over
  CycleResult result = {};
};

absl::StatusOr<CycleResult> FeedCycle::Run(trust::Fetcher& fetcher, absl::Time now) {
  absl::Status s = storage::MakeDirectories(options_.state_directory, 0700);
  if (!s.ok()) return s;
  auto lock = CycleLock::Take(options_.state_directory);
  if (!lock.ok()) return lock.status();
  auto spool = SpoolFolder::Open(options_.spool_directory, options_.feed);
  if (!spool.ok()) return spool.status();
  auto feed = RefreshFeed({options_.feed, options_.root, options_.state_directory + "/trust",
                           options_.accept_expired_within, options_.limits},
                          fetcher, now);
  if (!feed.ok()) return feed.status();
  auto folder = PackFolder::Open(
      {options_.state_directory + "/packs", options_.spool_directory, options_.pack_limits});
  if (!folder.ok()) return folder.status();
  s = folder->KeepPartials(feed->offered);
  if (!s.ok()) return s;

  EntryContents contents{
      feed->updater->timestamp()->version, feed->MetadataFiles(), {}, options_.origin};
  Work work{*std::move(feed),
            *std::move(spool),
            *std::move(folder),
            fetcher,
            SnapshotProof(options_.state_directory + "/snapshot.proven"),
            std::move(contents)};
  Describe(work.feed, &work.result);
  absl::StatusOr<bool> handed_over = IsHandedOver(work, now);
  if (!handed_over.ok()) return handed_over.status();
  s = *handed_over ? work.spool.RemoveOthers(work.contents.timestamp_version) : HandOver(work);
  if (!s.ok()) return s;
  if (options_.mirror_directory.empty()) return work.result;
  work.result.mirrored = Mirror(work);
  // While the mirror is behind, what it will need stays, and no more.
  s = work.folder.KeepOnly(work.result.mirrored.ok() ? work.packs : work.feed.offered);
  if (!s.ok()) return s;
  return work.result;
}

absl::StatusOr<uint64_t> FeedCycle::Scrub() {
  absl::Status s = storage::MakeDirectories(options_.state_directory, 0700);
  if (!s.ok()) return s;
  auto lock = CycleLock::Take(options_.state_directory);
  if (!lock.ok()) return lock.status();
  auto spool = SpoolFolder::Open(options_.spool_directory, options_.feed);
  if (!spool.ok()) return spool.status();
  auto folder = PackFolder::Open(
      {options_.state_directory + "/packs", options_.spool_directory, options_.pack_limits});
  if (!folder.ok()) return folder.status();
  return RemoveRotten(*spool, *folder);
}

// Looks closer once in a while. What an entry of the spool holds proves nothing: others may have
// put it there.
absl::StatusOr<bool> FeedCycle::IsHandedOver(Work& work, absl::Time now) {
  work.packs = PacksHandedOver(work.feed, work.contents, work.spool, work.folder);
  if (work.packs.empty() || !work.proof.Holds(work.packs)) return false;
  const bool due = now - last_scrub_ >= options_.scrub_interval || now < last_scrub_;
  if (options_.scrub_interval <= absl::ZeroDuration() || !due) return true;
  auto rotten = CountRotten(work.feed, work.packs, work.contents, work.spool, work.folder);
  if (!rotten.ok()) return rotten.status();
  last_scrub_ = now;
  work.result.packs_rotten = *rotten;
  return *rotten == 0;
}

// Only packs on offer count as held: an entry of the spool must be whole by its own metadata, and
// that names no others.
absl::Status FeedCycle::HandOver(Work& work) {
  PackFetch fetch(work.feed, work.fetcher, work.folder,
                  {options_.max_deltas, options_.reserve_bytes});
  auto chain = fetch.Chain();
  if (!chain.ok()) return chain.status();
  const auto before = work.spool.NewestPacks();
  if (!work.proof.Holds(*chain)) {
    absl::Status s = fetch.ProveSnapshot(*chain);
    if (s.ok()) s = work.proof.Remember(*chain);
    if (!s.ok()) return s;
  }
  work.packs = *std::move(chain);
  work.contents.packs = LinksOf(work.feed, work.packs, work.folder);
  const bool same = SamePacks(before, work.contents) && work.result.packs_rotten == 0;
  absl::Status s = work.spool.HandOver(work.contents);
  if (s.ok() && options_.mirror_directory.empty()) s = work.folder.KeepOnly(work.packs);
  work.result.packs_fetched += fetch.packs();
  work.result.bytes_fetched += fetch.bytes();
  work.result.outcome = same ? CycleResult::Outcome::kRefreshed : CycleResult::Outcome::kHandedOver;
  return s;
}

absl::Status FeedCycle::Mirror(Work& work) {
  auto mirror = MirrorFolder::Open(options_.mirror_directory, options_.feed,
                                   options_.state_directory + "/mirrored.json");
  if (!mirror.ok()) return mirror.status();
  if (options_.mirror_all) {
    PackFetch fetch(work.feed, work.fetcher, work.folder,
                    {options_.max_deltas, options_.reserve_bytes});
    auto all = fetch.All();
    work.result.packs_fetched += fetch.packs();
    work.result.bytes_fetched += fetch.bytes();
    if (!all.ok()) return all.status();
    work.packs = *std::move(all);
  }
  return mirror->Update({work.contents.metadata, LinksOf(work.feed, work.packs, work.folder)});
}

}  // namespace cloister::worker
