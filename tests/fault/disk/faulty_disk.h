// A disk that fails, for any program: preloaded (LD_PRELOAD), it counts what the program does to
// files below one folder, and at one of these steps lets it fail, or takes the power away.
//
//   FAULTY_DISK_ROOT    the folder watched; everything else is passed through
//   FAULTY_DISK_ATTIC   an empty folder on the same file system, not below the root
//   FAULTY_DISK_COUNT   a file to write the number of steps to when the program ends
//   FAULTY_DISK_STEP    the step at which it happens, from 1 on; 0 or unset: never
//   FAULTY_DISK_FAULT   what happens then:
//     kill         the process is killed (kill -9) before the step
//     torn         half of what the step would write is written, then the process is killed
//     power        the power goes: nothing that was not synced is there (unsynced.h)
//     power_names  the power goes: names are there, bytes that were not synced are not
//     power_half   the same, but half of the bytes are
//     eio          the step, and that one alone, fails with EIO
//     enospc       this step and every later one that needs room fails with ENOSPC
//
// A step is a write, a truncation, a sync, or making, renaming, linking or removing a name.

#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "tests/fault/disk/unsynced.h"

namespace cloister::fault {

enum class Fault { kNone, kKill, kTorn, kPower, kPowerNames, kPowerHalf, kEio, kEnospc };

// What a step needs of the disk.
enum class Needs {
  kNothing,  // a full disk does not refuse it
  kRoom,     // a full disk does
  kBytes,    // the same, and it can be done by half: a write
};

// What is to be done at a step: it, nothing (errno says why), or half of it and then Die().
enum class Verdict { kGoOn, kFail, kTear };

[[noreturn]] void Die();  // kill -9

class Disk {
 public:
  // As the environment says.
  Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  // Whether the file or directory open as `fd` lies below the root.
  bool Watches(int fd) const;

  // Counts a step; may not return. kTear only for kBytes. Under the mutex.
  Verdict Step(Needs needs);

  std::recursive_mutex& mutex() { return mutex_; }
  Unsynced& unsynced() { return unsynced_; }

 private:
  std::string root_;
  const Fault fault_;
  const uint64_t step_;
  const std::string count_file_;
  std::recursive_mutex mutex_;
  uint64_t steps_ = 0;
  Unsynced unsynced_;
};

// The one of this process.
Disk& TheDisk();

}  // namespace cloister::fault
