// The C library's calls that change files, in the names that programs know them by.

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/fault/disk/operations.h"

using namespace cloister::fault;  // NOLINT: these are the C library's own names

namespace {

size_t Total(const iovec* pieces, int count) {
  size_t total = 0;
  for (int i = 0; i < count; ++i) total += pieces[i].iov_len;
  return total;
}

}  // namespace

extern "C" {

#define MODE_OF(flags)                                      \
  mode_t mode = 0;                                          \
  if (((flags) & (O_CREAT | __O_TMPFILE)) != 0) {           \
    va_list rest;                                           \
    va_start(rest, flags);                                  \
    mode = static_cast<mode_t>(va_arg(rest, unsigned int)); \
    va_end(rest);                                           \
  }

int open(const char* path, int flags, ...) {
  MODE_OF(flags)
  return Open(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  MODE_OF(flags)
  return Open(AT_FDCWD, path, flags, mode);
}
int openat(int base, const char* path, int flags, ...) {
  MODE_OF(flags)
  return Open(base, path, flags, mode);
}
int openat64(int base, const char* path, int flags, ...) {
  MODE_OF(flags)
  return Open(base, path, flags, mode);
}
int creat(const char* path, mode_t mode) {
  return Open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

// Fortified builds call these where the mode is missing or not known when compiled.
int __open_2(const char* path, int flags) { return Open(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return Open(AT_FDCWD, path, flags, 0); }
int __openat_2(int base, const char* path, int flags) { return Open(base, path, flags, 0); }
int __openat64_2(int base, const char* path, int flags) { return Open(base, path, flags, 0); }

ssize_t write(int fd, const void* bytes, size_t size) {
  return Written(fd, -1, size, [&](size_t count) {
    return static_cast<ssize_t>(syscall(SYS_write, fd, bytes, count));
  });
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return Written(fd, offset, size, [&](size_t count) {
    return static_cast<ssize_t>(syscall(SYS_pwrite64, fd, bytes, count, offset));
  });
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}
ssize_t writev(int fd, const iovec* pieces, int count) {
  return Written(fd, -1, Total(pieces, count), [&](size_t) {
    return static_cast<ssize_t>(syscall(SYS_writev, fd, pieces, count));
  });
}
ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size,
                        unsigned) {
  return Written(to, to_offset == nullptr ? -1 : *to_offset, size, [&](size_t bytes) {
    return static_cast<ssize_t>(
        syscall(SYS_copy_file_range, from, from_offset, to, to_offset, bytes, 0));
  });
}

int fsync(int fd) {
  return Synced(fd, [fd] { return static_cast<int>(syscall(SYS_fsync, fd)); });
}
int fdatasync(int fd) {
  return Synced(fd, [fd] { return static_cast<int>(syscall(SYS_fdatasync, fd)); });
}

int ftruncate(int fd, off_t size) noexcept { return Truncate(fd, size); }
int ftruncate64(int fd, off64_t size) noexcept { return Truncate(fd, size); }
int fallocate(int fd, int mode, off_t offset, off_t size) {
  return Allocate(fd, mode, offset, size);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t size) {
  return Allocate(fd, mode, offset, size);
}

int rename(const char* from, const char* to) noexcept {
  return Rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_base, const char* from, int to_base, const char* to) noexcept {
  return Rename(from_base, from, to_base, to, 0);
}
int renameat2(int from_base, const char* from, int to_base, const char* to,
              unsigned flags) noexcept {
  return Rename(from_base, from, to_base, to, flags);
}
int link(const char* from, const char* to) noexcept {
  return Link(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int linkat(int from_base, const char* from, int to_base, const char* to, int flags) noexcept {
  return Link(from_base, from, to_base, to, flags);
}
int unlink(const char* path) noexcept { return Remove(AT_FDCWD, path, 0); }
int unlinkat(int base, const char* path, int flags) noexcept { return Remove(base, path, flags); }
int rmdir(const char* path) noexcept { return Remove(AT_FDCWD, path, AT_REMOVEDIR); }
int mkdir(const char* path, mode_t mode) noexcept { return MakeDirectory(AT_FDCWD, path, mode); }
int mkdirat(int base, const char* path, mode_t mode) noexcept {
  return MakeDirectory(base, path, mode);
}

// The C library's own remove() does not come by the names above.
int remove(const char* path) noexcept {
  const int result = Remove(AT_FDCWD, path, 0);
  return result != 0 && errno == EISDIR ? Remove(AT_FDCWD, path, AT_REMOVEDIR) : result;
}

}  // extern "C"
