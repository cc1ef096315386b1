#include "storage/files/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kReadPieceBytes = 256 << 10;

absl::Status FileError(absl::string_view what, const std::string& path, int error) {
  std::string message = absl::StrCat(what, " ", path, ": ", strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  if (error == ENOSPC || error == EDQUOT) return Rejected(RejectReason::kNoSpace, message);
  return Rejected(RejectReason::kIoError, message);
}

std::string DirectoryOf(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Closes on every way out of a function.
class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status CheckRegular(int fd, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return FileError("cannot examine", path, errno);
  if (S_ISREG(info.st_mode)) return absl::OkStatus();
  return Rejected(RejectReason::kSpoolForeign, absl::StrCat(path, " is not a regular file"));
}

absl::Status MakeOneDirectory(const std::string& path, uint32_t mode) {
  if (mkdir(path.c_str(), mode) == 0) {
    // mkdir obeys the umask; the mode asked for is the one that must hold.
    if (chmod(path.c_str(), mode) != 0) return FileError("cannot set the mode of", path, errno);
    return SyncDirectory(DirectoryOf(path));
  }
  if (errno != EEXIST) return FileError("cannot make directory", path, errno);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FileError("cannot examine", path, errno);
  if (!S_ISDIR(info.st_mode)) return FileError("cannot make directory", path, ENOTDIR);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO that somebody left there must not wait for its writer.
  OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ELOOP) {
      return Rejected(RejectReason::kSpoolForeign, absl::StrCat(path, " is a link"));
    }
    return FileError("cannot open", path, errno);
  }
  if (absl::Status s = CheckRegular(fd.get(), path); !s.ok()) return s;
  std::string contents;
  std::string piece(kReadPieceBytes, '\0');
  while (true) {
    ssize_t count = read(fd.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("cannot read", path, errno);
    if (count == 0) return contents;
    if (static_cast<uint64_t>(count) > max_bytes - contents.size()) {
      return absl::OutOfRangeError(
          absl::StrCat(path, " is longer than the ", max_bytes, " bytes allowed"));
    }
    contents.append(piece.data(), static_cast<size_t>(count));
  }
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents,
                                 uint32_t mode) {
  absl::StatusOr<TemporaryFile> file = TemporaryFile::Create(DirectoryOf(path));
  if (!file.ok()) return file.status();
  if (absl::Status s = file->Append(contents); !s.ok()) return s;
  return file->Commit(path, mode);
}

absl::Status MakeDirectories(const std::string& path, uint32_t mode) {
  if (path.empty()) return absl::InvalidArgumentError("a directory needs a name");
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string prefix = path.substr(0, end);
    if (absl::Status s = MakeOneDirectory(prefix, mode); !s.ok()) return s;
    if (end == std::string::npos) return absl::OkStatus();
  }
}

absl::Status SyncDirectory(const std::string& path) {
  OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return FileError("cannot open directory", path, errno);
  if (fsync(fd.get()) != 0) return FileError("cannot sync directory", path, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return FileError("cannot list", path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  int error = errno;
  closedir(directory);
  if (error != 0) return FileError("cannot list", path, error);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<uint64_t> FreeBytes(const std::string& path) {
  struct statvfs info;
  if (statvfs(path.c_str(), &info) != 0) return FileError("cannot examine", path, errno);
  return uint64_t{info.f_bavail} * info.f_frsize;
}

absl::StatusOr<TemporaryFile> TemporaryFile::Create(const std::string& directory) {
  std::string path = absl::StrCat(directory, "/.tmp-XXXXXX");
  int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return FileError("cannot create a file in", directory, errno);
  return TemporaryFile(fd, std::move(path));
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), size_(other.size_) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(size_, other.size_);
  return *this;
}

TemporaryFile::~TemporaryFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(path_.c_str());
}

absl::Status TemporaryFile::Append(absl::string_view bytes) {
  if (fd_ < 0) return absl::FailedPreconditionError("the file was already committed");
  while (!bytes.empty()) {
    ssize_t count = write(fd_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("cannot write", path_, errno);
    size_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status TemporaryFile::Commit(const std::string& path, uint32_t mode) {
  if (fd_ < 0) return absl::FailedPreconditionError("the file was already committed");
  if (fchmod(fd_, mode) != 0) return FileError("cannot set the mode of", path_, errno);
  if (fsync(fd_) != 0) return FileError("cannot sync", path_, errno);
  if (rename(path_.c_str(), path.c_str()) != 0) {
    return FileError(absl::StrCat("cannot rename ", path_, " to"), path, errno);
  }
  close(std::exchange(fd_, -1));
  return SyncDirectory(DirectoryOf(path));
}

}  // namespace cloister::storage
