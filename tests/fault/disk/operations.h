// The steps that a program takes on files, each counted, recorded and then done by the kernel. As
// the system calls of the same names, -1 and errno where they fail.

#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <functional>

namespace cloister::fault {

int Open(int base, const char* path, int flags, mode_t mode);
int Rename(int from_base, const char* from, int to_base, const char* to, unsigned flags);
int Link(int from_base, const char* from, int to_base, const char* to, int flags);
int Remove(int base, const char* path, int flags);
int MakeDirectory(int base, const char* path, mode_t mode);
int Truncate(int fd, off_t size);
int Allocate(int fd, int mode, off_t offset, off_t size);

// `write` writes at most as many bytes as it is given, which are to lie at `offset`, or where the
// file's position is if that is negative.
ssize_t Written(int fd, off_t offset, size_t size, const std::function<ssize_t(size_t)>& write);
int Synced(int fd, const std::function<int()>& sync);

}  // namespace cloister::fault
