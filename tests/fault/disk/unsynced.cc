#include "tests/fault/disk/unsynced.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

// All calls go to the kernel by number: the C library's names are those that this library replaces.

namespace cloister::fault {
namespace {

constexpr int kRenameExchange = 2;

int RawOpen(int parent, const char* path, int flags) {
  return static_cast<int>(syscall(SYS_openat, parent, path, flags | O_CLOEXEC, 0));
}

void RawRename(int from, const std::string& old_leaf, int to, const std::string& leaf, int flags) {
  syscall(SYS_renameat2, from, old_leaf.c_str(), to, leaf.c_str(), flags);
}

}  // namespace

Node NodeOf(int fd) {
  struct stat facts {};
  fstat(fd, &facts);
  return {facts.st_dev, facts.st_ino};
}

int Unsynced::Own(int fd) {
  return RawOpen(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR);
}

std::string Unsynced::AtticName() { return attic_ + "/" + std::to_string(++kept_); }

std::string Unsynced::Keep(int parent, const std::string& leaf) {
  std::string name = AtticName();
  const long linked = syscall(SYS_linkat, parent, leaf.c_str(), AT_FDCWD, name.c_str(), 0);
  return linked == 0 ? name : "";
}

void Unsynced::WillWrite(int fd, off_t offset, size_t size, bool truncates) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  File& file = files_[NodeOf(fd)];
  if (file.fd < 0) {
    file.fd = Own(fd);
    file.certain_size = facts.st_size;
  }
  const off_t end = truncates ? facts.st_size : offset + static_cast<off_t>(size);
  const off_t certain = std::min({end, file.certain_size, facts.st_size});
  if (offset >= certain) return;
  std::string old(static_cast<size_t>(certain - offset), '\0');
  if (syscall(SYS_pread64, file.fd, old.data(), old.size(), offset) ==
      static_cast<long>(old.size())) {
    file.replaced.emplace_back(offset, std::move(old));
  }
}

void Unsynced::Synced(int fd) {
  const Node node = NodeOf(fd);
  auto file = files_.find(node);
  if (file != files_.end()) {
    syscall(SYS_close, file->second.fd);
    files_.erase(file);
  }
  changes_.erase(std::remove_if(changes_.begin(), changes_.end(),
                                [&](const Change& change) {
                                  return std::count(change.parents.begin(), change.parents.end(),
                                                    node) != 0;
                                }),
                 changes_.end());
}

void Unsynced::WillCreate(int parent, const std::string& leaf) {
  const int own = RawOpen(parent, ".", O_PATH | O_DIRECTORY);
  changes_.push_back(
      {{NodeOf(parent)}, [this, own, leaf] { RawRename(own, leaf, AT_FDCWD, AtticName(), 0); }});
}

void Unsynced::WillRemove(int parent, const std::string& leaf, bool is_directory) {
  const int own = RawOpen(parent, ".", O_PATH | O_DIRECTORY);
  if (is_directory) {
    struct stat facts {};
    fstatat(parent, leaf.c_str(), &facts, AT_SYMLINK_NOFOLLOW);
    const mode_t mode = facts.st_mode & 07777;
    changes_.push_back(
        {{NodeOf(parent)}, [own, leaf, mode] { syscall(SYS_mkdirat, own, leaf.c_str(), mode); }});
    return;
  }
  std::string kept = Keep(parent, leaf);
  if (kept.empty()) return;
  changes_.push_back({{NodeOf(parent)}, [own, leaf, kept] {
                        syscall(SYS_linkat, AT_FDCWD, kept.c_str(), own, leaf.c_str(), 0);
                      }});
}

void Unsynced::WillRename(const Name& from, const Name& to, bool exchange) {
  const int from_fd = RawOpen(from.parent, ".", O_PATH | O_DIRECTORY);
  const int to_fd = RawOpen(to.parent, ".", O_PATH | O_DIRECTORY);
  const std::string replaced = exchange ? "" : Keep(to.parent, to.leaf);
  changes_.push_back({{NodeOf(to.parent)}, [=, old_leaf = from.leaf, leaf = to.leaf] {
                        RawRename(to_fd, leaf, from_fd, old_leaf, exchange ? kRenameExchange : 0);
                        if (replaced.empty()) return;
                        syscall(SYS_linkat, AT_FDCWD, replaced.c_str(), to_fd, leaf.c_str(), 0);
                      }});
}

void Unsynced::PowerOff(Loss loss) {
  for (auto& [node, file] : files_) {
    const off_t size = static_cast<off_t>(syscall(SYS_lseek, file.fd, 0, SEEK_END));
    const off_t grown = std::max<off_t>(size - file.certain_size, 0);
    off_t left = file.certain_size + (loss.keep_half ? grown / 2 : 0);
    syscall(SYS_ftruncate, file.fd, left);
    for (auto old = file.replaced.rbegin(); old != file.replaced.rend(); ++old) {
      syscall(SYS_pwrite64, file.fd, old->second.data(), old->second.size(), old->first);
    }
  }
  if (loss.keep_names) return;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) change->undo();
}

}  // namespace cloister::fault
