#include "storage/store/pack_hashing.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::storage {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
constexpr absl::Duration kTimeBetweenReports = absl::Milliseconds(100);

// What the threads share.
class Hashing {
 public:
  Hashing(const PackDirectory& directory, bool from_disk, std::vector<VersionPack> packs)
      : directory_(directory), from_disk_(from_disk), packs_(std::move(packs)) {}

  // Takes packs until none is left. `progress` may be null.
  void Work(const HashProgress* progress) {
    for (size_t i = next_++; i < packs_.size() && !ended_; i = next_++) {
      absl::StatusOr<bool> whole = IsWhole(packs_[i], progress);
      if (!whole.ok()) return End(whole.status());
      if (*whole) continue;
      absl::MutexLock lock(&mutex_);
      rotten_.push_back(packs_[i].sha256);
    }
  }

  void Tell(const HashProgress& progress) {
    if (!progress || ended_) return;
    if (absl::Status s = progress(done_); !s.ok()) End(s);
  }

  absl::StatusOr<std::vector<std::string>> Result() {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    return rotten_;
  }

 private:
  void End(const absl::Status& status) {
    ended_ = true;
    absl::MutexLock lock(&mutex_);
    status_.Update(status);
  }

  // Disks fail by reading wrong bytes, or by not reading; other errors are this machine's.
  absl::StatusOr<bool> IsWhole(const VersionPack& pack, const HashProgress* progress) {
    const std::string path = directory_.PathOf(pack.sha256);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == EIO)) return false;
    if (fd < 0) {
      return reputation::Rejected(reputation::RejectReason::kIoError,
                                  absl::StrCat("cannot open ", path, ": ", strerror(errno)));
    }
    if (from_disk_) posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    absl::StatusOr<std::string> hash = Hash(fd, progress);
    close(fd);
    if (!hash.ok()) return hash.status();
    return *hash == pack.sha256;
  }

  // Empty where it cannot be read.
  absl::StatusOr<std::string> Hash(int fd, const HashProgress* progress) {
    Sha256Stream stream;
    std::string piece(kPieceBytes, '\0');
    while (!ended_) {
      const ssize_t count = read(fd, piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::string();
      if (count == 0) break;
      stream.Update(absl::string_view(piece.data(), static_cast<size_t>(count)));
      const uint64_t done = done_ += static_cast<uint64_t>(count);
      if (progress == nullptr || !*progress) continue;
      if (absl::Status s = (*progress)(done); !s.ok()) return s;
    }
    const reputation::Sha256Bytes hash = stream.Finish();
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  }

  const PackDirectory& directory_;
  const bool from_disk_;
  const std::vector<VersionPack> packs_;
  std::atomic<size_t> next_ = 0;
  std::atomic<uint64_t> done_ = 0;
  std::atomic<bool> ended_ = false;
  absl::Mutex mutex_;
  std::vector<std::string> rotten_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::vector<std::string>> FindRottenPacks(const PackDirectory& directory,
                                                         const std::vector<VersionPack>& packs,
                                                         bool from_disk,
                                                         const HashProgress& progress) {
  std::set<std::string> names;
  std::vector<VersionPack> unique;
  for (const VersionPack& pack : packs) {
    if (names.insert(pack.sha256).second) unique.push_back(pack);
  }
  Hashing hashing(directory, from_disk, std::move(unique));
  absl::Notification second_ended;
  std::thread second([&] {
    hashing.Work(nullptr);
    second_ended.Notify();
  });
  hashing.Work(&progress);
  // There may have been nothing left for this thread: whoever asked is still told, and obeyed.
  do {
    hashing.Tell(progress);
  } while (!second_ended.WaitForNotificationWithTimeout(kTimeBetweenReports));
  second.join();
  return hashing.Result();
}

}  // namespace cloister::storage
