#include "sync/publisher/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/publisher/daemon/daemon_status.h"
#include "sync/publisher/daemon/loaded_publication.h"
#include "sync/publisher/daemon/log.h"
#include "sync/publisher/daemon/notify.h"
#include "sync/publisher/daemon/source_looks.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/publication/build.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {
namespace {

constexpr absl::Duration kFirstRetry = absl::Seconds(15);
constexpr absl::Duration kRootWarning = absl::Hours(24 * 30);

absl::StatusOr<int> TakeStateLock(const std::string& directory) {
  if (absl::Status s = storage::MakeDirectories(directory); !s.ok()) return s;
  const std::string path = absl::StrCat(directory, "/.daemon-lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(absl::StrCat("cannot open ", path, ": ", strerror(errno)));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  close(fd);
  return absl::FailedPreconditionError(
      absl::StrCat("another `cloister-publish run` is working with ", directory,
                   "; stop it first, or leave the work to it"));
}

std::string Message(const absl::Status& status) {
  return std::string(reputation::MessageWithoutReason(status));
}

}  // namespace

struct Daemon::State {
  State(std::string file, UnlockKeys unlock, ReportText report_text)
      : file(std::move(file)), unlock(std::move(unlock)), report_text(std::move(report_text)) {}
  ~State() {
    if (lock_fd >= 0) close(lock_fd);
  }

  const Publication& publication() const { return loaded->publication; }

  void Begin(int stop_fd);
  void Reload(int stop_fd);
  // Whatever the sources say: the last one failed, or went to another repository.
  bool BuildIsOwed() const;
  // One round: looks, builds and refreshes what is due. Cancelled if the program shall end.
  absl::Status Round(absl::Time now);
  absl::Time NextRound() const;

  bool BuildIsDue(absl::Time now) const;
  void Build(absl::Time now);
  absl::Status TryBuild(absl::Time now, BuildReport* report);
  void BuildSucceeded(const PublishResult& result, absl::Duration took, absl::Time now);
  void BuildFailed(const absl::Status& error, absl::Time now);

  void Refresh(absl::Time now);
  absl::Status TryRefresh(absl::Time now);
  void Note(const Published& published);
  void WriteStatus();
  void WriteReport(const BuildReport& report, const absl::Status& built) const;

  const std::string file;
  const UnlockKeys unlock;
  const ReportText report_text;
  int lock_fd = -1;
  std::unique_ptr<LoadedPublication> loaded;
  std::unique_ptr<SourceCopies> copies;
  std::unique_ptr<SourceLooks> looks;
  DaemonStatus status;
  absl::BitGen random;

  std::string guards_tried;                      // GuardFingerprint of the last build
  absl::Time retry_at = absl::InfiniteFuture();  // a build that failed
  absl::Time refresh_at = absl::InfinitePast();  // the timestamp
  absl::Time sign_at = absl::InfiniteFuture();   // snapshot and targets, which takes a build
};

Daemon::Daemon(std::unique_ptr<State> state) : state_(std::move(state)) {}
Daemon::~Daemon() = default;

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const std::string& file, UnlockKeys unlock,
                                                      ReportText report_text) {
  auto state = std::make_unique<State>(file, std::move(unlock), std::move(report_text));
  auto loaded = LoadPublication(file, state->unlock, nullptr);
  if (!loaded.ok()) return loaded.status();
  state->loaded = *std::move(loaded);
  const absl::StatusOr<int> lock = TakeStateLock(state->publication().state_directory);
  if (!lock.ok()) return lock.status();
  state->lock_fd = *lock;
  return std::unique_ptr<Daemon>(new Daemon(std::move(state)));
}

void Daemon::State::Begin(int stop_fd) {
  status = ReadDaemonStatus(DaemonStatusPath(publication()));
  status.feed = loaded->feed;
  copies = std::make_unique<SourceCopies>(CopiesDirectory(publication()), stop_fd);
  looks = std::make_unique<SourceLooks>(publication(), status.sources, copies.get());
  guards_tried = GuardFingerprint(publication().guards);
  if (BuildIsOwed()) retry_at = absl::InfinitePast();
}

bool Daemon::State::BuildIsOwed() const {
  return status.outcome == "failed" || status.repository != publication().repository;
}

void Daemon::State::Reload(int stop_fd) {
  auto read = LoadPublication(file, unlock, loaded.get());
  if (read.ok() && (*read)->publication.state_directory != publication().state_directory) {
    read = absl::InvalidArgumentError("another state_directory needs a restart");
  }
  if (!read.ok()) {
    Log(Severity::kError, "configuration_refused", {{"message", Message(read.status())}});
    return;
  }
  // The looks point into what goes away.
  const std::vector<SourceState> known = looks->states();
  looks.reset();
  copies.reset();
  loaded = *std::move(read);
  status.feed = loaded->feed;
  copies = std::make_unique<SourceCopies>(CopiesDirectory(publication()), stop_fd);
  looks = std::make_unique<SourceLooks>(publication(), known, copies.get());
  refresh_at = absl::InfinitePast();
  if (BuildIsOwed()) retry_at = absl::InfinitePast();
  Log(Severity::kInfo, "configuration_read", {{"file", file}});
}

void Daemon::Run(Signals& signals) {
  State& state = *state_;
  state.Begin(signals.stop_fd());
  Log(Severity::kInfo, "started",
      {{"feed", state.loaded->feed},
       {"sources", absl::StrCat(state.publication().sources.size())}});
  Notify("READY=1");
  for (;;) {
    const bool cancelled = absl::IsCancelled(state.Round(absl::Now()));
    // Between rounds an administrator may build, too.
    state.copies->Release();
    state.WriteStatus();
    if (cancelled || signals.stopped()) return;
    switch (signals.WaitUntil(state.NextRound())) {
      case Signals::Wake::kStop:
        return;
      case Signals::Wake::kReload:
        state.Reload(signals.stop_fd());
        state.looks->LookAtAllNext();
        break;
      case Signals::Wake::kTime:
        break;
    }
  }
}

absl::Status Daemon::State::Round(absl::Time now) {
  // Where the clock was set back, nothing waits for the time that it showed before.
  const absl::Duration longest = std::max(publication().schedule.interval, kFirstRetry);
  if (retry_at != absl::InfiniteFuture()) retry_at = std::min(retry_at, now + longest);
  status.last_build = std::min(status.last_build, now);
  // Looks may take long; one whose time is known does not wait for them.
  if (refresh_at != absl::InfinitePast() && refresh_at <= now) Refresh(now);
  absl::Status looked = looks->LookAtDue(now, absl::Uniform(random, -1.0, 1.0));
  if (!looked.ok()) return looked;
  now = absl::Now();
  if (BuildIsDue(now)) Build(now);
  now = absl::Now();
  if (refresh_at <= now) Refresh(now);
  return absl::OkStatus();
}

absl::Time Daemon::State::NextRound() const {
  return std::min({looks->NextLook(), retry_at, refresh_at});
}

bool Daemon::State::BuildIsDue(absl::Time now) const {
  if (status.configuration != loaded->digest || looks->Changed() || retry_at <= now) return true;
  if (sign_at <= now || GuardFingerprint(publication().guards) != guards_tried) return true;
  // What a source lists is good for so long from a build on; it is renewed in quarters of that.
  for (const PublicationSource& source : publication().sources) {
    const absl::Duration valid = source.terms.valid_for;
    if (valid > absl::ZeroDuration() && now - status.last_build > valid / 4) return true;
  }
  return false;
}

void Daemon::State::Build(absl::Time now) {
  looks->Tried();
  guards_tried = GuardFingerprint(publication().guards);
  status.configuration = loaded->digest;
  status.last_build = now;
  Notify("STATUS=building");
  BuildReport report;
  const absl::Status built = TryBuild(now, &report);
  const absl::Time end = absl::Now();
  WriteReport(report, built);
  if (built.ok() && report.published.has_value()) {
    status.records = report.published->records;
    BuildSucceeded(*report.published, end - now, end);
  } else {
    BuildFailed(built, end);
  }
}

absl::Status Daemon::State::TryBuild(absl::Time now, BuildReport* report) {
  if (absl::Status s = looks->CheckAges(now); !s.ok()) return s;
  absl::StatusOr<std::unique_ptr<ImportGuard>> guard = BuildImportGuard(publication().guards);
  if (!guard.ok()) return guard.status();
  absl::StatusOr<std::unique_ptr<Repository>> repository =
      Repository::Open(publication().repository);
  if (!repository.ok()) return repository.status();
  const BuildParts parts = {.repository = **repository,
                            .signers = loaded->signers,
                            .copies = copies.get(),
                            .guard = guard->get()};
  BuildOptions options;
  options.now = now;
  options.fetch = false;
  return BuildPublication(publication(), parts, options, report);
}

void Daemon::State::BuildSucceeded(const PublishResult& result, absl::Duration took,
                                   absl::Time now) {
  looks->Published(now);
  retry_at = absl::InfiniteFuture();
  refresh_at = absl::InfinitePast();  // what is published is another timestamp
  status.version = result.version;
  status.repository = publication().repository;
  status.outcome = result.new_version ? "published" : "unchanged";
  status.failures = 0;
  status.error.clear();
  Log(Severity::kInfo, status.outcome,
      {{"feed", status.feed},
       {"version", absl::StrCat(result.version)},
       {"records", absl::StrCat(result.records)},
       {"added", absl::StrCat(result.added)},
       {"changed", absl::StrCat(result.changed)},
       {"removed", absl::StrCat(result.removed)},
       {"delta_bytes", absl::StrCat(result.delta_bytes)},
       {"snapshot_bytes", absl::StrCat(result.snapshot_bytes)},
       {"duration_ms", absl::StrCat(absl::ToInt64Milliseconds(took))}});
  if (result.root_expires - now < kRootWarning) {
    Log(Severity::kWarning, "root_expires_soon",
        {{"expires", absl::FormatTime(result.root_expires, absl::UTCTimeZone())},
         {"message", "no appliance takes anything after that; run: cloister-publish renew-root"}});
  }
}

void Daemon::State::BuildFailed(const absl::Status& error, absl::Time now) {
  constexpr uint32_t kMaxDoublings = 16;
  const uint32_t doublings = std::min(status.failures, kMaxDoublings);
  retry_at = now + std::min(kFirstRetry * (int64_t{1} << doublings),
                            std::max(publication().schedule.interval, kFirstRetry));
  status.outcome = "failed";
  status.failures += 1;
  status.error = Message(error);
  Log(Severity::kError, "build_failed",
      {{"feed", status.feed},
       {"failures", absl::StrCat(status.failures)},
       {"message", status.error}});
}

void Daemon::State::Refresh(absl::Time now) {
  const absl::Status refreshed = TryRefresh(now);
  const std::string error = refreshed.ok() ? "" : Message(refreshed);
  if (!error.empty()) refresh_at = now + kFirstRetry;
  if (!error.empty() && error != status.vouching_error) {
    Log(Severity::kError, "timestamp_not_refreshed",
        {{"feed", status.feed},
         {"expires", absl::FormatTime(status.timestamp_expires, absl::UTCTimeZone())},
         {"message", error}});
  }
  status.vouching_error = error;
}

// What is known from what is published.
void Daemon::State::Note(const Published& published) {
  status.version = published.version();
  status.timestamp_expires = published.timestamp->expires;
}

absl::Status Daemon::State::TryRefresh(absl::Time now) {
  absl::StatusOr<std::unique_ptr<Repository>> repository =
      Repository::Open(publication().repository);
  if (!repository.ok()) return repository.status();
  const Settings& settings = (*repository)->settings();
  const absl::StatusOr<Published> published = (*repository)->Load(now);
  if (!published.ok()) return published.status();
  refresh_at = absl::InfiniteFuture();
  if (!published->timestamp.has_value()) return absl::OkStatus();  // nothing to vouch for yet
  Note(*published);
  const absl::Duration share =
      settings.lifetimes.timestamp * publication().schedule.refresh_at_share;
  refresh_at = published->timestamp->expires - share;
  // Publish signs them again from half of their lives on.
  sign_at = std::min(published->targets->expires - settings.lifetimes.targets * 0.45,
                     published->snapshot->expires - settings.lifetimes.snapshot * 0.45);
  if (refresh_at > now) return absl::OkStatus();
  if (status.repository != publication().repository) {
    return absl::FailedPreconditionError(
        "what this repository offers is of no build that is known");
  }
  if (absl::Status s = looks->CheckVouching(now); !s.ok()) return s;
  PublishOptions options;
  options.now = now;
  options.lifetimes = settings.lifetimes;
  const absl::StatusOr<RefreshResult> result =
      RefreshTimestamp(**repository, loaded->signers, options);
  if (!result.ok()) return result.status();
  status.timestamp_expires = result->expires;
  refresh_at = result->expires - share;
  Log(Severity::kInfo, "refreshed",
      {{"feed", status.feed},
       {"version", absl::StrCat(result->version)},
       {"expires", absl::FormatTime(result->expires, absl::UTCTimeZone())}});
  return absl::OkStatus();
}

void Daemon::State::WriteReport(const BuildReport& report, const absl::Status& built) const {
  const std::string path = absl::StrCat(publication().state_directory, "/report.json");
  const absl::Status written =
      storage::WriteFileAtomically(path, report_text(report, Message(built)), /*mode=*/0640);
  if (!written.ok()) {
    Log(Severity::kWarning, "report_not_written", {{"message", Message(written)}});
  }
}

void Daemon::State::WriteStatus() {
  status.sources = looks->states();
  status.next_look = looks->NextLook();
  const absl::Status written = WriteDaemonStatus(DaemonStatusPath(publication()), status);
  if (!written.ok()) {
    Log(Severity::kWarning, "status_not_written", {{"message", Message(written)}});
  }
  size_t failing = 0;
  for (const SourceState& source : status.sources) failing += source.error.empty() ? 0 : 1;
  Notify(absl::StrCat("STATUS=version ", status.version, ", last build ", status.outcome, ", ",
                      failing, " of ", status.sources.size(), " sources failing"));
}

}  // namespace cloister::publisher
