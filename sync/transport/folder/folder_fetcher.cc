#include "sync/transport/folder/folder_fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/transport/repository_file_name.h"

namespace cloister::transport {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kChunkBytes = 128 * 1024;

absl::Status OpenFailed(int error, const std::string& path) {
  if (error == ENOENT || error == ENOTDIR) {
    return absl::NotFoundError(absl::StrCat(path, ": not there"));
  }
  if (error == ELOOP || error == ENXIO) {
    return Rejected(RejectReason::kSpoolForeign, absl::StrCat(path, ": not a regular file"));
  }
  return Rejected(RejectReason::kIoError, absl::StrCat(path, ": ", strerror(error)));
}

// Opens a regular file. Without O_NONBLOCK a named pipe would hold us until somebody writes.
absl::StatusOr<int> OpenRegular(int directory, const std::string& name, const std::string& path) {
  const int fd = openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return OpenFailed(errno, path);
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return Rejected(RejectReason::kSpoolForeign, absl::StrCat(path, ": not a regular file"));
  }
  return fd;
}

struct Source {
  int directory;
  std::string name;
  std::string path;  // for messages
  RejectReason too_large;
  uint64_t offset = 0;  // where to begin
};

absl::Status Stream(const Source& source, uint64_t max_bytes, const trust::ByteSink& sink) {
  absl::StatusOr<int> fd = OpenRegular(source.directory, source.name, source.path);
  if (!fd.ok()) return fd.status();
  absl::Cleanup closer = [&] { close(*fd); };
  if (lseek(*fd, static_cast<off_t>(source.offset), SEEK_SET) < 0) {
    return Rejected(RejectReason::kIoError, absl::StrCat(source.path, ": ", strerror(errno)));
  }
  std::vector<char> chunk(kChunkBytes);
  for (uint64_t total = source.offset;;) {
    const ssize_t n = read(*fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return Rejected(RejectReason::kIoError, absl::StrCat(source.path, ": ", strerror(errno)));
    }
    if (n == 0) return absl::OkStatus();
    total += static_cast<uint64_t>(n);
    if (total > max_bytes) {
      return Rejected(source.too_large,
                      absl::StrCat(source.path, ": longer than ", max_bytes, " bytes"));
    }
    absl::Status s = sink(absl::string_view(chunk.data(), static_cast<size_t>(n)));
    if (!s.ok()) return s;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderFetcher>> FolderFetcher::Open(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const int base = open(path.c_str(), kFlags);
  if (base < 0) return absl::UnavailableError(absl::StrCat(path, ": ", strerror(errno)));
  absl::Cleanup closer = [&] { close(base); };
  const int metadata = openat(base, "metadata", kFlags | O_NOFOLLOW);
  if (metadata < 0) {
    return absl::UnavailableError(absl::StrCat(path, "/metadata: ", strerror(errno),
                                               "; a repository has its signed files there"));
  }
  const int targets = openat(base, "targets", kFlags | O_NOFOLLOW);
  return std::unique_ptr<FolderFetcher>(new FolderFetcher(path, metadata, targets));
}

FolderFetcher::~FolderFetcher() {
  close(metadata_fd_);
  if (targets_fd_ >= 0) close(targets_fd_);
}

absl::StatusOr<std::string> FolderFetcher::Metadata(absl::string_view name, uint64_t max_bytes) {
  if (absl::Status s = CheckRepositoryFileName(name); !s.ok()) return s;
  std::string bytes;
  absl::Status s = Stream({metadata_fd_, std::string(name), absl::StrCat(path_, "/metadata/", name),
                           RejectReason::kMetadataTooLarge},
                          max_bytes, [&](absl::string_view piece) {
                            bytes.append(piece.data(), piece.size());
                            return absl::OkStatus();
                          });
  if (!s.ok()) return s;
  return bytes;
}

absl::Status FolderFetcher::Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                                   const trust::ByteSink& sink) {
  if (absl::Status s = CheckRepositoryFileName(name); !s.ok()) return s;
  const std::string path = absl::StrCat(path_, "/targets/", name);
  if (targets_fd_ < 0) return absl::NotFoundError(absl::StrCat(path, ": not there"));
  return Stream({targets_fd_, std::string(name), path, RejectReason::kTargetTooLarge, offset},
                max_bytes, sink);
}

bool FolderFetcher::Offers(absl::string_view name) {
  struct stat info {};
  return targets_fd_ >= 0 && CheckRepositoryFileName(name).ok() &&
         fstatat(targets_fd_, std::string(name).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace cloister::transport
