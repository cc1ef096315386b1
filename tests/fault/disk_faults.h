// Runs a program many times from one and the same state on disk, each time with a fault at another
// of its steps (disk/faulty_disk.h), and has what it left looked at.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace cloister::fault {

// What a run came to, as who looks at it says.
enum class End { kOld, kNew };

struct FaultedRun {
  std::string fault;  // "power" …
  uint64_t step = 0;
  std::string directory;         // what it worked in
  testing::ProcessResult child;  // exit code 137 where it was killed

  bool killed() const { return child.exit_code == 137; }
  // Whether the fault is one that the program lives through and may report.
  bool told() const { return fault == "eio" || fault == "enospc"; }
};

struct DiskFaultPlan {
  std::string name;    // for the figures
  std::string before;  // the state on disk that every run starts from a copy of
  // The program, given the folder that it works in; files below it are watched.
  std::function<testing::ProcessOptions(const std::string& directory)> program;
  // Fails the test if what is left is neither the old state nor the new one, whole, or if it does
  // not become the new one when the program runs again without fault.
  std::function<End(const FaultedRun& run)> check;
};

// Runs with every fault at `CLOISTER_DISK_FAULTS` steps, spread evenly over all ("all": each one;
// otherwise a number, 2 if unset), and prints a line of figures. Stops at the first failure.
void RunDiskFaults(const DiskFaultPlan& plan);

// The smaller of `usual` and what the environment variable `name` says if it is set and a number.
uint64_t NumberFromEnvironment(const char* name, uint64_t usual);

}  // namespace cloister::fault
