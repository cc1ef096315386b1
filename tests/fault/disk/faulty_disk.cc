#include "tests/fault/disk/faulty_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cloister::fault {
namespace {

Fault FaultFromName(const char* name) {
  const std::string text = name == nullptr ? "" : name;
  if (text == "kill") return Fault::kKill;
  if (text == "torn") return Fault::kTorn;
  if (text == "power") return Fault::kPower;
  if (text == "power_names") return Fault::kPowerNames;
  if (text == "power_half") return Fault::kPowerHalf;
  if (text == "eio") return Fault::kEio;
  if (text == "enospc") return Fault::kEnospc;
  return Fault::kNone;
}

std::string TextFromEnvironment(const char* name) {
  const char* text = getenv(name);
  return text == nullptr ? "" : text;
}

}  // namespace

void Die() {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

Disk::Disk()
    : root_(TextFromEnvironment("FAULTY_DISK_ROOT")),
      fault_(FaultFromName(getenv("FAULTY_DISK_FAULT"))),
      step_(strtoull(TextFromEnvironment("FAULTY_DISK_STEP").c_str(), nullptr, 10)),
      count_file_(TextFromEnvironment("FAULTY_DISK_COUNT")),
      unsynced_(TextFromEnvironment("FAULTY_DISK_ATTIC")) {
  char real[PATH_MAX];
  if (!root_.empty() && realpath(root_.c_str(), real) != nullptr) root_ = real;
}

Disk::~Disk() {
  if (count_file_.empty()) return;
  const int fd = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, count_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  const std::string text = std::to_string(steps_) + "\n";
  syscall(SYS_write, fd, text.data(), text.size());
  syscall(SYS_close, fd);
}

bool Disk::Watches(int fd) const {
  if (root_.empty() || fd < 0) return false;
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(link.c_str(), path, sizeof path);
  if (size < static_cast<ssize_t>(root_.size())) return false;
  return memcmp(path, root_.data(), root_.size()) == 0 &&
         (size == static_cast<ssize_t>(root_.size()) || path[root_.size()] == '/');
}

Verdict Disk::Step(Needs needs) {
  const uint64_t number = ++steps_;
  if (step_ == 0 || number < step_) return Verdict::kGoOn;
  if (fault_ == Fault::kEnospc) {
    if (needs == Needs::kNothing) return Verdict::kGoOn;
    errno = ENOSPC;
    return Verdict::kFail;
  }
  if (number != step_) return Verdict::kGoOn;
  switch (fault_) {
    case Fault::kKill:
      Die();
    case Fault::kTorn:
      if (needs != Needs::kBytes) Die();
      return Verdict::kTear;
    case Fault::kPower:
      unsynced_.PowerOff({});
      Die();
    case Fault::kPowerNames:
      unsynced_.PowerOff({.keep_names = true});
      Die();
    case Fault::kPowerHalf:
      unsynced_.PowerOff({.keep_names = true, .keep_half = true});
      Die();
    case Fault::kEio:
      errno = EIO;
      return Verdict::kFail;
    case Fault::kEnospc:
    case Fault::kNone:
      break;
  }
  return Verdict::kGoOn;
}

Disk& TheDisk() {
  static Disk disk;
  return disk;
}

}  // namespace cloister::fault
