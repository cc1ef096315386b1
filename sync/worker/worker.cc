#include "sync/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "reputation/reject_reason.h"
#include "sync/worker/feed_runner.h"
#include "sync/worker/import_inbox.h"
#include "sync/worker/log.h"
#include "sync/worker/offline_scrub.h"
#include "sync/worker/status_board.h"
#include "sync/worker/status_file.h"
#include "sync/worker/status_text.h"

namespace cloister::worker {
absl::StatusOr<StateLock> StateLock::Take(const std::string& state_directory) {
  const std::string path = absl::StrCat(state_directory, "/.lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": ", strerror(errno)));
  }
  StateLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  return absl::FailedPreconditionError(absl::StrCat("another cloister-sync is working with ",
                                                    state_directory,
                                                    "; stop it first, or leave the work to it"));
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StateLock::~StateLock() {
  if (fd_ >= 0) close(fd_);
}

namespace {

// Messages may quote what a server sent; nothing in them steers the terminal.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); }, '?');
  return text;
}

std::string DescribeRun(const absl::Status& s, const FeedStatus& status) {
  if (!s.ok()) {
    return Printable(
        absl::StrCat("refused, ", ErrorReason(s), ": ", reputation::MessageWithoutReason(s)));
  }
  return status.last_result.has_value() ? Describe(*status.last_result) : "stopped";
}

// A feed that rotted fails until its bundle is taken again.
std::function<void(const std::string&, const absl::Status&)> ScrubTaker(ImportInbox& inbox,
                                                                        StatusBoard& board) {
  return [&](const std::string& feed, const absl::Status& scrubbed) {
    board.Scrubbed(feed, scrubbed, absl::Now());
    if (reputation::ReasonOf(scrubbed) == reputation::RejectReason::kPackRotten) {
      inbox.TakeAgain(feed);
    }
  };
}

// Takes every bundle that lies in the import folders, and prints a line for each.
bool ImportOnce(const Configuration& configuration, const StopFlag& stop, StatusBoard& board) {
  if (configuration.import.folders.empty()) return true;
  auto inbox = ImportInbox::Open(configuration, &stop);
  if (!inbox.ok()) {
    std::cout << "import: " << inbox.status().message() << std::endl;
    return false;
  }
  bool good = true;
  OfflineScrub(configuration).RunIfDue(absl::Now(), ScrubTaker(**inbox, board));
  for (const trust::BundleImport& import : (*inbox)->LookOnce(absl::Now(), /*settled=*/true)) {
    board.Imported(import);
    const bool refused = import.state == "refused";
    good &= !refused;
    std::cout << import.bundle << ": " << import.state;
    if (refused) {
      std::cout << ", " << import.reason << ": " << Printable(import.message);
    }
    for (const trust::FeedImport& feed : import.feeds) {
      std::cout << "; " << feed.feed << " version " << feed.version << " " << feed.state
                << (feed.expired ? " (expired)" : "");
    }
    std::cout << std::endl;
  }
  return good;
}

void ImportUntilStopped(const Configuration& configuration, const StopFlag& stop,
                        StatusBoard& board) {
  auto inbox = ImportInbox::Open(configuration, &stop);
  if (!inbox.ok()) {
    Log(Severity::kError, "import_impossible",
        {{"message", std::string(inbox.status().message())}});
    return;
  }
  OfflineScrub scrub(configuration);
  (*inbox)->RunUntilStopped([&] { scrub.RunIfDue(absl::Now(), ScrubTaker(**inbox, board)); },
                            [&](const trust::BundleImport& import) { board.Imported(import); });
}

}  // namespace

bool RunAllOnce(const Configuration& configuration, const StopFlag& stop) {
  StatusBoard board(configuration);
  bool good = true;
  for (size_t i = 0; i < configuration.feeds.size(); ++i) {
    if (stop.WaitFor(absl::ZeroDuration())) return false;
    if (configuration.feeds[i].sources.empty()) continue;  // comes in bundles only
    FeedRunner runner(configuration, configuration.feeds[i], board.Get(i), &stop);
    const absl::Status s = runner.RunOnce();
    board.Update(i, runner.status());
    good &= s.ok();
    std::cout << configuration.feeds[i].name << ": " << DescribeRun(s, runner.status())
              << std::endl;
  }
  good &= ImportOnce(configuration, stop, board);
  return good;
}

void RunUntilStopped(const Configuration& configuration, const StopFlag& stop) {
  StatusBoard board(configuration);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < configuration.feeds.size(); ++i) {
    if (configuration.feeds[i].sources.empty()) continue;
    threads.emplace_back([&configuration, &stop, &board, i] {
      FeedRunner runner(configuration, configuration.feeds[i], board.Get(i), &stop);
      runner.RunUntilStopped([&](const FeedStatus& status) { board.Update(i, status); });
    });
  }
  if (!configuration.import.folders.empty()) {
    threads.emplace_back([&] { ImportUntilStopped(configuration, stop, board); });
  }
  for (std::thread& thread : threads) thread.join();
}

int PrintStatus(const Configuration& configuration, bool json) {
  const std::vector<FeedStatus> feeds = KnownStatus(configuration);
  std::cout << (json ? FormatStatus(feeds) : FormatStatusText(feeds, absl::Now())) << std::flush;
  return AllWell(feeds) ? 0 : 1;
}

}  // namespace cloister::worker
