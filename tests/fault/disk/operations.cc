#include "tests/fault/disk/operations.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>
#include <string>

#include "tests/fault/disk/faulty_disk.h"

namespace cloister::fault {
namespace {

// The directory of a path, held open, and the last component.
class Place {
 public:
  Place(int base, const char* path) {
    std::string text = path;
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    const size_t slash = text.rfind('/');
    leaf_ = slash == std::string::npos ? text : text.substr(slash + 1);
    const std::string parent = slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : text.substr(0, slash);
    fd_ = static_cast<int>(
        syscall(SYS_openat, base, parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (fd_ >= 0) syscall(SYS_close, fd_);
  }

  bool watched() const { return TheDisk().Watches(fd_); }
  bool exists() const {
    struct stat facts {};
    return fstatat(fd_, leaf_.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
  }
  int fd() const { return fd_; }
  const std::string& leaf() const { return leaf_; }
  Unsynced::Name name() const { return {fd_, leaf_}; }

 private:
  int fd_ = -1;
  std::string leaf_;
};

using Lock = std::lock_guard<std::recursive_mutex>;

}  // namespace

int Open(int base, const char* path, int flags, mode_t mode) {
  const auto really = [&] {
    return static_cast<int>(syscall(SYS_openat, base, path, flags | O_LARGEFILE, mode));
  };
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return really();
  const Place place(base, path);
  if (!place.watched()) return really();
  const Lock lock(TheDisk().mutex());
  const bool is_new = !place.exists();
  if (is_new || (flags & O_TRUNC) != 0) {
    if (TheDisk().Step(Needs::kRoom) != Verdict::kGoOn) return -1;
  }
  if (is_new) TheDisk().unsynced().WillCreate(place.fd(), place.leaf());
  if (!is_new && (flags & O_TRUNC) != 0) {
    const int old = static_cast<int>(syscall(SYS_openat, base, path, O_RDONLY | O_CLOEXEC, 0));
    if (old >= 0) TheDisk().unsynced().WillWrite(old, 0, 0, true);
    if (old >= 0) syscall(SYS_close, old);
  }
  return really();
}

ssize_t Written(int fd, off_t offset, size_t size, const std::function<ssize_t(size_t)>& write) {
  if (!TheDisk().Watches(fd)) return write(size);
  const Lock lock(TheDisk().mutex());
  const Verdict verdict = TheDisk().Step(Needs::kBytes);
  if (verdict == Verdict::kFail) return -1;
  if (offset < 0) {
    const bool appends = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
    offset = static_cast<off_t>(syscall(SYS_lseek, fd, 0, appends ? SEEK_END : SEEK_CUR));
  }
  TheDisk().unsynced().WillWrite(fd, offset, size, false);
  if (verdict == Verdict::kGoOn) return write(size);
  write(size / 2);
  Die();
}

int Synced(int fd, const std::function<int()>& sync) {
  if (!TheDisk().Watches(fd)) return sync();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kNothing) != Verdict::kGoOn) return -1;
  const int result = sync();
  if (result == 0) TheDisk().unsynced().Synced(fd);
  return result;
}

int Rename(int from_base, const char* from, int to_base, const char* to, unsigned flags) {
  const auto really = [&] {
    return static_cast<int>(syscall(SYS_renameat2, from_base, from, to_base, to, flags));
  };
  const Place source(from_base, from);
  const Place target(to_base, to);
  if (!target.watched()) return really();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kRoom) != Verdict::kGoOn) return -1;
  if (source.exists()) {
    TheDisk().unsynced().WillRename(source.name(), target.name(), (flags & 2) != 0);
  }
  return really();
}

int Link(int from_base, const char* from, int to_base, const char* to, int flags) {
  const auto really = [&] {
    return static_cast<int>(syscall(SYS_linkat, from_base, from, to_base, to, flags));
  };
  const Place target(to_base, to);
  if (!target.watched()) return really();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kRoom) != Verdict::kGoOn) return -1;
  if (!target.exists()) TheDisk().unsynced().WillCreate(target.fd(), target.leaf());
  return really();
}

int Remove(int base, const char* path, int flags) {
  const auto really = [&] { return static_cast<int>(syscall(SYS_unlinkat, base, path, flags)); };
  const Place place(base, path);
  if (!place.watched()) return really();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kNothing) != Verdict::kGoOn) return -1;
  TheDisk().unsynced().WillRemove(place.fd(), place.leaf(), (flags & AT_REMOVEDIR) != 0);
  return really();
}

int MakeDirectory(int base, const char* path, mode_t mode) {
  const auto really = [&] { return static_cast<int>(syscall(SYS_mkdirat, base, path, mode)); };
  const Place place(base, path);
  if (!place.watched()) return really();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kRoom) != Verdict::kGoOn) return -1;
  if (!place.exists()) TheDisk().unsynced().WillCreate(place.fd(), place.leaf());
  return really();
}

int Truncate(int fd, off_t size) {
  const auto really = [&] { return static_cast<int>(syscall(SYS_ftruncate, fd, size)); };
  if (!TheDisk().Watches(fd)) return really();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kNothing) != Verdict::kGoOn) return -1;
  TheDisk().unsynced().WillWrite(fd, size, 0, true);
  return really();
}

int Allocate(int fd, int mode, off_t offset, off_t size) {
  const auto really = [&] {
    return static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, size));
  };
  if (!TheDisk().Watches(fd)) return really();
  const Lock lock(TheDisk().mutex());
  if (TheDisk().Step(Needs::kRoom) != Verdict::kGoOn) return -1;
  TheDisk().unsynced().WillWrite(fd, offset, 0, false);
  return really();
}

}  // namespace cloister::fault
