#include "sync/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "reputation/reject_reason.h"
#include "sync/worker/feed_runner.h"
#include "sync/worker/log.h"
#include "sync/worker/status_file.h"

namespace cloister::worker {
namespace {

// The status file, written by several threads.
class StatusBoard {
 public:
  explicit StatusBoard(const Configuration& configuration)
      : path_(absl::StrCat(configuration.state_directory, "/status.json")) {
    for (const FeedConfiguration& feed : configuration.feeds) {
      feeds_.emplace_back().feed = feed.name;
    }
  }

  void Update(size_t feed, const FeedStatus& status) {
    absl::MutexLock lock(&mu_);
    feeds_[feed] = status;
    absl::Status written = WriteStatusFile(path_, feeds_);
    if (written.ok()) return;
    Log(Severity::kError, "status_file", {{"message", std::string(written.message())}});
  }

 private:
  const std::string path_;
  absl::Mutex mu_;
  std::vector<FeedStatus> feeds_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<StateLock> StateLock::Take(const std::string& state_directory) {
  const std::string path = absl::StrCat(state_directory, "/lock");
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

bool RunAllOnce(const Configuration& configuration, const StopFlag& stop) {
  StatusBoard board(configuration);
  bool good = true;
  for (size_t i = 0; i < configuration.feeds.size(); ++i) {
    if (stop.WaitFor(absl::ZeroDuration())) return false;
    FeedRunner runner(configuration, configuration.feeds[i], &stop);
    const absl::Status s = runner.RunOnce();
    board.Update(i, runner.status());
    good &= s.ok();
    std::cout << configuration.feeds[i].name << ": "
              << (s.ok() ? runner.status().last_result.has_value()
                               ? Describe(*runner.status().last_result)
                               : "stopped"
                         : absl::StrCat("refused, ", ErrorReason(s), ": ",
                                        reputation::MessageWithoutReason(s)))
              << std::endl;
  }
  return good;
}

void RunUntilStopped(const Configuration& configuration, const StopFlag& stop) {
  StatusBoard board(configuration);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < configuration.feeds.size(); ++i) {
    threads.emplace_back([&configuration, &stop, &board, i] {
      FeedRunner runner(configuration, configuration.feeds[i], &stop);
      runner.RunUntilStopped([&](const FeedStatus& status) { board.Update(i, status); });
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace cloister::worker
