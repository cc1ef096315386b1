#include "server/updates/spool_entry.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "sync/trust_state/spool.h"

namespace cloister::server {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kChunkBytes = 256 * 1024;
// Names looked at in a feed's folder; cloister-sync keeps two entries there.
constexpr int kMaxNames = 4096;
constexpr size_t kMaxEntries = 8;
constexpr uint64_t kMaxOriginBytes = 16;

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status ErrnoStatus(int error, absl::string_view path) {
  if (error == ENOENT) return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  if (error == ELOOP || error == ENOTDIR) {
    return Rejected(RejectReason::kSpoolForeign,
                    absl::StrCat(path,
                                 " is a link or not of the right kind; remove it, and let "
                                 "only cloister-sync write to the spool"));
  }
  return Rejected(
      RejectReason::kIoError,
      absl::StrCat("cannot read ", path, ": ", std::strerror(error),
                   error == EACCES ? "; let the user of cloisterd read the spool" : ""));
}

absl::StatusOr<Descriptor> OpenDirectory(int parent, const std::string& name,
                                         absl::string_view path) {
  const int fd = openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  return Descriptor(fd);
}

// The spool itself is named by the configuration and may be reached through links.
absl::StatusOr<Descriptor> OpenSpool(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  return Descriptor(fd);
}

bool IsPlainName(absl::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find('/') == absl::string_view::npos && name.find('\0') == absl::string_view::npos;
}

// Opens without waiting for the other end of a pipe, and reads nothing but regular files.
absl::StatusOr<Descriptor> OpenRegular(int directory, absl::string_view name,
                                       absl::string_view path, uint64_t* bytes) {
  if (!IsPlainName(name)) {
    return Rejected(RejectReason::kSpoolForeign, absl::StrCat(path, " is not a file's name"));
  }
  const int fd =
      openat(directory, std::string(name).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  // ENXIO: a socket, or a device without a driver.
  if (fd < 0) return ErrnoStatus(errno == ENXIO ? ENOTDIR : errno, path);
  Descriptor file(fd);
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return ErrnoStatus(ENOTDIR, path);
  *bytes = static_cast<uint64_t>(info.st_size);
  return file;
}

struct Bounds {
  uint64_t offset;  // where to begin
  uint64_t max_bytes;
  RejectReason too_long;
};

// Passes the file on in pieces; stops where it goes on beyond `max_bytes`, for it may be growing.
absl::Status Stream(int fd, absl::string_view path, const Bounds& bounds,
                    const trust::ByteSink& sink) {
  if (lseek(fd, static_cast<off_t>(bounds.offset), SEEK_SET) < 0) return ErrnoStatus(errno, path);
  std::string buffer(kChunkBytes, '\0');
  uint64_t total = bounds.offset;
  while (true) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    if (n == 0) return absl::OkStatus();
    total += static_cast<uint64_t>(n);
    if (total > bounds.max_bytes) {
      return Rejected(bounds.too_long,
                      absl::StrCat(path, " is longer than ", bounds.max_bytes, " bytes"));
    }
    absl::Status taken = sink(absl::string_view(buffer.data(), static_cast<size_t>(n)));
    if (!taken.ok()) return taken;
  }
}

// The highest versions among the names in `directory`, which is consumed; the highest first.
absl::StatusOr<std::vector<uint64_t>> HighestVersions(Descriptor directory,
                                                      absl::string_view path) {
  DIR* names = fdopendir(directory.get());
  if (names == nullptr) return ErrnoStatus(errno, path);
  directory.Release();
  std::set<uint64_t, std::greater<>> versions;
  for (int i = 0; i < kMaxNames; ++i) {
    const dirent* name = readdir(names);
    if (name == nullptr) break;
    const std::optional<uint64_t> version = trust::SpoolEntryVersion(name->d_name);
    if (version) versions.insert(*version);
    if (versions.size() > kMaxEntries) versions.erase(std::prev(versions.end()));
  }
  closedir(names);
  return std::vector<uint64_t>(versions.begin(), versions.end());
}

// Whether the file `origin` of the entry says "offline".
bool IsOffline(int entry, absl::string_view path) {
  uint64_t bytes = 0;
  absl::StatusOr<Descriptor> file = OpenRegular(entry, trust::kOriginFile, path, &bytes);
  if (!file.ok()) return false;
  std::string word;
  absl::Status read =
      Stream(file->get(), path,
             {.offset = 0, .max_bytes = kMaxOriginBytes, .too_long = RejectReason::kSpoolForeign},
             [&word](absl::string_view piece) {
               word.append(piece.data(), piece.size());
               return absl::OkStatus();
             });
  return read.ok() && absl::StripSuffix(word, "\n") == trust::kOriginOffline;
}

}  // namespace

absl::StatusOr<std::vector<SpoolEntryId>> SpoolEntries(const std::string& spool_directory,
                                                       const std::string& feed) {
  std::vector<SpoolEntryId> entries;
  const std::string path = absl::StrCat(spool_directory, "/", feed);
  absl::StatusOr<Descriptor> spool = OpenSpool(spool_directory);
  if (absl::IsNotFound(spool.status())) return entries;
  if (!spool.ok()) return spool.status();
  absl::StatusOr<Descriptor> directory = OpenDirectory(spool->get(), feed, path);
  if (absl::IsNotFound(directory.status())) return entries;
  if (!directory.ok()) return directory.status();
  absl::StatusOr<Descriptor> listed = OpenDirectory(directory->get(), ".", path);
  if (!listed.ok()) return listed.status();
  absl::StatusOr<std::vector<uint64_t>> versions = HighestVersions(*std::move(listed), path);
  if (!versions.ok()) return versions.status();
  for (uint64_t version : *versions) {
    const std::string name = trust::SpoolEntryName(version);
    struct stat info;
    if (fstatat(directory->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed just now
      return ErrnoStatus(errno, absl::StrCat(path, "/", name));
    }
    entries.push_back({.version = version,
                       .device = info.st_dev,
                       .inode = info.st_ino,
                       .changed_ns = info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec});
  }
  return entries;
}

absl::StatusOr<std::unique_ptr<SpoolEntry>> SpoolEntry::Open(const std::string& spool_directory,
                                                             const std::string& feed,
                                                             uint64_t version) {
  const std::string name = trust::SpoolEntryName(version);
  const std::string path = absl::StrCat(spool_directory, "/", feed, "/", name);
  absl::StatusOr<Descriptor> directory = OpenSpool(spool_directory);
  if (!directory.ok()) return directory.status();
  for (const std::string& step : {feed, name}) {
    absl::StatusOr<Descriptor> next = OpenDirectory(directory->get(), step, path);
    if (!next.ok()) return next.status();
    directory = std::move(next);
  }
  absl::StatusOr<Descriptor> metadata =
      OpenDirectory(directory->get(), "metadata", absl::StrCat(path, "/metadata"));
  if (!metadata.ok()) return metadata.status();
  absl::StatusOr<Descriptor> targets =
      OpenDirectory(directory->get(), "targets", absl::StrCat(path, "/targets"));
  if (!targets.ok()) return targets.status();
  const bool offline = IsOffline(directory->get(), absl::StrCat(path, "/", trust::kOriginFile));
  return std::unique_ptr<SpoolEntry>(
      new SpoolEntry(path, metadata->Release(), targets->Release(), offline));
}

SpoolEntry::~SpoolEntry() {
  close(metadata_);
  close(targets_);
}

absl::StatusOr<std::string> SpoolEntry::Metadata(absl::string_view name, uint64_t max_bytes) {
  const std::string path = absl::StrCat(path_, "/metadata/", name);
  uint64_t bytes = 0;
  absl::StatusOr<Descriptor> file = OpenRegular(metadata_, name, path, &bytes);
  if (!file.ok()) return file.status();
  std::string contents;
  absl::Status read = Stream(file->get(), path, {0, max_bytes, RejectReason::kMetadataTooLarge},
                             [&contents](absl::string_view piece) {
                               contents.append(piece.data(), piece.size());
                               return absl::OkStatus();
                             });
  if (!read.ok()) return read;
  return contents;
}

absl::Status SpoolEntry::Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                                const trust::ByteSink& sink) {
  const std::string path = absl::StrCat(path_, "/targets/", name);
  uint64_t bytes = 0;
  absl::StatusOr<Descriptor> file = OpenRegular(targets_, name, path, &bytes);
  if (!file.ok()) return file.status();
  return Stream(file->get(), path, {offset, max_bytes, RejectReason::kTargetTooLarge}, sink);
}

absl::Status SpoolEntry::CheckTarget(absl::string_view name, uint64_t bytes) const {
  const std::string path = absl::StrCat(path_, "/targets/", name);
  uint64_t found = 0;
  absl::StatusOr<Descriptor> file = OpenRegular(targets_, name, path, &found);
  if (!file.ok()) return file.status();
  if (found == bytes) return absl::OkStatus();
  return Rejected(RejectReason::kTargetHashMismatch,
                  absl::StrCat(path, " has ", found, " bytes, and the metadata says ", bytes));
}

}  // namespace cloister::server
