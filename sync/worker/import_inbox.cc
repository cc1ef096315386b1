#include "sync/worker/import_inbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "reputation/reject_reason.h"
#include "sync/worker/feed_runner.h"
#include "sync/worker/import_memory.h"
#include "sync/worker/import_outcomes.h"
#include "sync/worker/import_watch.h"
#include "sync/worker/log.h"
#include "sync/worker/status_file.h"

namespace cloister::worker {
namespace {

using reputation::RejectReason;
using trust::BundleImport;

// Bundles looked at in one folder, whatever lies there besides.
constexpr size_t kMostNames = 4096;
constexpr size_t kMostStrangers = 4096;
constexpr absl::Duration kBetweenTries = absl::Minutes(10);

bool WasRefusedFor(const BundleImport& import, const std::set<RejectReason>& reasons) {
  for (RejectReason reason : reasons) {
    const std::string name(RejectReasonName(reason));
    if (import.reason == name) return true;
    for (const trust::FeedImport& feed : import.feeds) {
      if (feed.reason == name) return true;
    }
  }
  return false;
}

// What is wrong with a bundle always has a RejectReason. Any other error, such as a root that is
// gone, is no fault of the bundle's.
bool IsMachinesFault(const BundleImport& import) {
  if (WasRefusedFor(import, {RejectReason::kNoSpace, RejectReason::kIoError})) return true;
  const auto is_status_code = [](const std::string& reason) {
    const auto& all = reputation::AllRejectReasons();
    return !reason.empty() && std::none_of(all.begin(), all.end(), [&](RejectReason known) {
      return RejectReasonName(known) == reason;
    });
  };
  return is_status_code(import.reason) ||
         std::any_of(import.feeds.begin(), import.feeds.end(),
                     [&](const trust::FeedImport& feed) { return is_status_code(feed.reason); });
}

// Refused, but it may come into its own later, or, unless it came whole, still be written to.
bool MayBeWanted(const BundleImport& import, bool came_whole) {
  return WasRefusedFor(import, {RejectReason::kVersionGap}) || IsMachinesFault(import) ||
         (!came_whole && WasRefusedFor(import, {RejectReason::kBundleTruncated}));
}

// The names that end as a bundle's does, sorted. A medium may hold any number of other files.
std::vector<std::string> BundleNames(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator() && names.size() < kMostNames;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (absl::EndsWith(name, trust::kBundleSuffix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Whoever wrote the medium set the time: it may lie before 1970 or beyond what 64 bits hold.
uint64_t ModifiedNs(const struct stat& info) {
  return static_cast<uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(info.st_mtim.tv_nsec);
}

}  // namespace

struct ImportInbox::State {
  State(const Configuration& configuration, const StopFlag* stop_flag, ImportMemory known)
      : import(configuration.import),
        outcomes(configuration.spool_directory),
        stop(stop_flag),
        memory(std::move(known)) {
    options.accept_expired_within = import.accept_expired_within;
    options.work_directory = configuration.state_directory;
    options.reserve_bytes = configuration.reserve_bytes;
    for (const FeedConfiguration& feed : configuration.feeds) {
      options.feeds.push_back(CycleOptionsFor(configuration, feed));
    }
  }

  struct Sighting {
    InboxFile file;
    absl::Time since;
  };
  using Place = std::pair<std::string, std::string>;  // folder and name

  void LookAt(const std::string& directory, absl::Time now, bool settled);
  bool IsReady(const InboxFile& file, absl::Time now, bool settled);
  void Take(int folder, int fd, const InboxFile& file, absl::Time now);
  void Conclude(int folder, const InboxFile& file, const BundleImport& outcome, absl::Time now);
  void Remove(int folder, const InboxFile& file);
  void PassOver(const std::string& directory, const std::string& name);

  ImportConfiguration import;
  ImportBundleOptions options;
  ImportOutcomes outcomes;
  const StopFlag* stop;
  ImportMemory memory;
  ImportWatch watch;
  std::set<Place> arrived;            // by rename, not looked at yet
  std::map<Place, Sighting> sighted;  // not settled yet
  std::map<Place, absl::Time> next_try;
  std::set<Place> strangers;  // told of already
  std::vector<BundleImport> taken;
};

ImportInbox::ImportInbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
ImportInbox::~ImportInbox() = default;

absl::StatusOr<std::unique_ptr<ImportInbox>> ImportInbox::Open(const Configuration& configuration,
                                                               const StopFlag* stop) {
  if (absl::Status s = RemoveUnpacked(configuration.state_directory); !s.ok()) return s;
  auto memory = ImportMemory::Open(absl::StrCat(configuration.state_directory, "/imports.json"));
  if (!memory.ok()) return memory.status();
  return std::unique_ptr<ImportInbox>(
      new ImportInbox(std::make_unique<State>(configuration, stop, *std::move(memory))));
}

std::vector<BundleImport> ImportInbox::LookOnce(absl::Time now, bool settled) {
  State& state = *state_;
  state.taken.clear();
  state.arrived.merge(state.watch.TakeArrived());
  for (const std::string& directory : state.import.folders) {
    state.watch.Add(directory);
    if (!state.stop->WaitFor(absl::ZeroDuration())) state.LookAt(directory, now, settled);
  }
  state.arrived.clear();
  return std::move(state.taken);
}

void ImportInbox::TakeAgain(const std::string& feed) {
  absl::Status s = state_->memory.ForgetLastOf(feed);
  if (!s.ok()) Log(Severity::kError, "import_memory", {{"message", std::string(s.message())}});
}

void ImportInbox::RunUntilStopped(const std::function<void()>& before_look,
                                  const std::function<void(const trust::BundleImport&)>& taken) {
  while (!state_->stop->WaitFor(absl::ZeroDuration())) {
    before_look();
    for (const BundleImport& import : LookOnce(absl::Now(), /*settled=*/false)) taken(import);
    state_->watch.Wait(state_->stop->fd(), state_->import.poll_interval);
  }
}

void ImportInbox::State::LookAt(const std::string& directory, absl::Time now, bool settled) {
  const int folder = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // no medium just now
  absl::Cleanup folder_closer = [&] { close(folder); };
  for (const std::string& name : BundleNames(directory)) {
    if (stop->WaitFor(absl::ZeroDuration())) return;
    if (!trust::IsBundleFileName(name)) {
      PassOver(directory, name);
      continue;
    }
    const int fd = openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    absl::Cleanup closer = [&] {
      if (fd >= 0) close(fd);
    };
    struct stat info {};
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
      PassOver(directory, name);
      continue;
    }
    const InboxFile file{directory, name, static_cast<uint64_t>(info.st_size), ModifiedNs(info)};
    if (!memory.Knows(file) && IsReady(file, now, settled)) Take(folder, fd, file, now);
  }
}

bool ImportInbox::State::IsReady(const InboxFile& file, absl::Time now, bool settled) {
  const Place place{file.directory, file.name};
  const auto later = next_try.find(place);
  if (later != next_try.end() && now < later->second && !settled) return false;
  if (settled || arrived.count(place) > 0) return true;
  const auto before = sighted.find(place);
  if (before == sighted.end() || !(before->second.file == file)) {
    if (sighted.size() > kMostNames) sighted.clear();
    sighted[place] = {file, now};
    return false;
  }
  return now - before->second.since >= import.poll_interval;
}

void ImportInbox::State::Take(int folder, int fd, const InboxFile& file, absl::Time now) {
  sighted.erase({file.directory, file.name});
  BundleImport under_way;
  under_way.bundle = file.name;
  under_way.state = "importing";
  under_way.finished = now;
  outcomes.Tell(under_way);
  Log(Severity::kInfo, "importing",
      {{"bundle", file.name}, {"folder", file.directory}, {"bytes", absl::StrCat(file.bytes)}});
  absl::StatusOr<BundleImport> outcome = ImportBundle(fd, file.name, options, *stop, now);
  if (!outcome.ok()) return;  // stopped; the next start takes it again
  outcome->finished = std::max(now, absl::Now());
  outcomes.Tell(*outcome);
  Conclude(folder, file, *outcome, now);
  taken.push_back(*std::move(outcome));
}

void ImportInbox::State::Conclude(int folder, const InboxFile& file, const BundleImport& outcome,
                                  absl::Time now) {
  const bool refused = outcome.state == "refused";
  Log(refused ? Severity::kWarning : Severity::kInfo, absl::StrCat("import_", outcome.state),
      {{"bundle", file.name},
       {"folder", file.directory},
       {"sha256", outcome.sha256},
       {"reason", outcome.reason},
       {"message", outcome.message}});
  for (const trust::FeedImport& feed : outcome.feeds) {
    Log(Severity::kInfo, "feed_import",
        {{"bundle", file.name},
         {"feed", feed.feed},
         {"state", feed.state},
         {"version", absl::StrCat(feed.version)},
         {"expired", feed.expired ? "true" : "false"},
         {"reason", feed.reason},
         {"message", feed.message}});
  }
  if (IsMachinesFault(outcome)) {
    next_try[{file.directory, file.name}] = now + kBetweenTries;
    return;
  }
  absl::Status s = memory.Remember(file, outcome);
  if (s.ok() && outcome.state == "imported") {
    s = memory.Forget(RejectReasonName(RejectReason::kVersionGap));
  }
  if (!s.ok()) Log(Severity::kError, "import_memory", {{"message", std::string(s.message())}});
  const bool came_whole = arrived.count({file.directory, file.name}) > 0;  // by rename
  if (import.remove_after_import && !MayBeWanted(outcome, came_whole)) Remove(folder, file);
}

// Only what was read: another may have taken its place.
void ImportInbox::State::Remove(int folder, const InboxFile& file) {
  struct stat info {};
  if (fstatat(folder, file.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  const bool same = S_ISREG(info.st_mode) && static_cast<uint64_t>(info.st_size) == file.bytes &&
                    ModifiedNs(info) == file.modified_ns;
  if (!same || unlinkat(folder, file.name.c_str(), 0) == 0) return;
  Log(Severity::kWarning, "import_not_removed",
      {{"bundle", file.name},
       {"folder", file.directory},
       {"message", "cannot remove it; it will not be imported again all the same"}});
}

void ImportInbox::State::PassOver(const std::string& directory, const std::string& name) {
  if (strangers.size() >= kMostStrangers || !strangers.emplace(directory, name).second) return;
  Log(Severity::kWarning, "import_passed_over",
      {{"folder", directory},
       {"name", name},
       {"message",
        "a bundle is a regular file called <letters, digits, '.', '-' and '_'>.bundle"}});
}

}  // namespace cloister::worker
