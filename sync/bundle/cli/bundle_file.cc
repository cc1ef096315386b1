#include "sync/bundle/cli/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/trust/limits.h"

namespace cloister::bundle {

absl::StatusOr<BundleFile> BundleFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  struct stat info {};
  BundleFile file(path, fd, 0);
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
  }
  file.size_ = static_cast<uint64_t>(info.st_size);
  return file;
}

BundleFile::BundleFile(BundleFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

BundleFile::~BundleFile() {
  if (fd_ >= 0) close(fd_);
}

ByteSource BundleFile::Bytes() {
  return [this, offset = uint64_t{0}](char* buffer, size_t size) mutable -> absl::StatusOr<size_t> {
    for (;;) {
      const ssize_t n = pread(fd_, buffer, size, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
      offset += static_cast<uint64_t>(n);
      return static_cast<size_t>(n);
    }
  };
}

absl::StatusOr<std::string> RootFor(const Arguments& arguments, const std::string& feed) {
  auto root = arguments.roots.find(feed);
  if (root == arguments.roots.end()) root = arguments.roots.find("");
  if (root == arguments.roots.end()) return std::string();
  return storage::ReadFile(root->second, trust::Limits().max_root_bytes);
}

absl::StatusOr<WorkFolder> WorkFolder::Make(const std::string& parent) {
  std::string path = absl::StrCat(parent, "/cloister-bundle-XXXXXX");
  if (mkdtemp(path.data()) != nullptr) return WorkFolder(path);
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot make a folder in ", parent, "; name another with --work-dir"));
}

WorkFolder::~WorkFolder() {
  std::error_code error;
  if (!path_.empty()) std::filesystem::remove_all(path_, error);
}

}  // namespace cloister::bundle
