#include "sync/worker/partial_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::worker {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kChunkBytes = 256 * 1024;

absl::Status Failed(absl::string_view what, const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return Rejected(full ? RejectReason::kNoSpace : RejectReason::kIoError,
                  absl::StrCat("cannot ", what, " ", path, ": ", strerror(error)));
}

}  // namespace

absl::StatusOr<PartialFile> PartialFile::Open(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const int fd = open(path.c_str(), kFlags, 0600);
  if (fd < 0 && errno != ELOOP) return Failed("open", path, errno);
  PartialFile file(fd, path);
  struct stat info {};
  if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return file;
  return Rejected(RejectReason::kSpoolForeign,
                  absl::StrCat(path,
                               " is not a regular file; remove it, and let only "
                               "cloister-sync write to its state directory"));
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

PartialFile::~PartialFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status PartialFile::Replay(const trust::ByteSink& sink) {
  std::vector<char> chunk(kChunkBytes);
  for (off_t at = 0;;) {
    const ssize_t n = pread(fd_, chunk.data(), chunk.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("read", path_, errno);
    if (n == 0) return absl::OkStatus();
    at += n;
    absl::Status s = sink(absl::string_view(chunk.data(), static_cast<size_t>(n)));
    if (!s.ok()) return s;
  }
}

absl::Status PartialFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status PartialFile::Clear() {
  if (ftruncate(fd_, 0) == 0) return absl::OkStatus();
  return Failed("empty", path_, errno);
}

absl::Status PartialFile::Commit(const std::string& path, uint32_t mode) {
  if (fchmod(fd_, mode) != 0 || fsync(fd_) != 0) return Failed("sync", path_, errno);
  if (rename(path_.c_str(), path.c_str()) != 0) return Failed("rename to", path, errno);
  return storage::SyncDirectory(path.substr(0, path.rfind('/')));
}

absl::Status PartialFile::Remove() {
  if (unlink(path_.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return Failed("remove", path_, errno);
}

}  // namespace cloister::worker
