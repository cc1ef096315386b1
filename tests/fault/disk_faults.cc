#include "tests/fault/disk_faults.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::IsOk;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr const char* kFaults[] = {"kill",       "torn", "power", "power_names",
                                   "power_half", "eio",  "enospc"};

// Copies a folder with everything in it; files that are one stay one.
std::string CopyOf(const std::string& from, const testing::TemporaryDirectory& to) {
  std::string copy = to / "state";
  absl::StatusOr<testing::ProcessResult> copied =
      testing::RunProcess({.argv = {"cp", "-a", from, copy}}, kPatience);
  EXPECT_THAT(copied, IsOk());
  return copy;
}

absl::StatusOr<testing::ProcessResult> Run(const DiskFaultPlan& plan, const std::string& directory,
                                           const std::string& attic,
                                           const std::vector<std::string>& settings) {
  testing::ProcessOptions options = plan.program(directory);
  options.environment.push_back(absl::StrCat("LD_PRELOAD=", CLOISTER_FAULTY_DISK));
  options.environment.push_back(absl::StrCat("FAULTY_DISK_ROOT=", directory));
  options.environment.push_back(absl::StrCat("FAULTY_DISK_ATTIC=", attic));
  for (const std::string& setting : settings) options.environment.push_back(setting);
  return testing::RunProcess(options, kPatience);
}

// How many steps the program takes when nothing goes wrong.
uint64_t CountSteps(const DiskFaultPlan& plan) {
  testing::TemporaryDirectory work;
  const std::string directory = CopyOf(plan.before, work);
  const std::string count = work / "count";
  absl::StatusOr<testing::ProcessResult> result =
      Run(plan, directory, work.path(), {absl::StrCat("FAULTY_DISK_COUNT=", count)});
  EXPECT_THAT(result, IsOk());
  if (result.ok()) {
    EXPECT_EQ(result->exit_code, 0) << result->errors;
  }
  uint64_t steps = 0;
  std::ifstream(count) >> steps;
  return steps;
}

// Which of `steps` to try.
std::vector<uint64_t> Chosen(uint64_t steps) {
  const char* text = getenv("CLOISTER_DISK_FAULTS");
  const bool all = text != nullptr && std::string(text) == "all";
  const uint64_t wanted = all ? steps : NumberFromEnvironment("CLOISTER_DISK_FAULTS", 2);
  std::vector<uint64_t> chosen;
  for (uint64_t i = 0; i < wanted && i < steps; ++i) {
    chosen.push_back(1 + (wanted >= steps ? i : (2 * i + 1) * steps / (2 * wanted)));
  }
  return chosen;
}

}  // namespace

uint64_t NumberFromEnvironment(const char* name, uint64_t usual) {
  const char* text = getenv(name);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : usual;
}

void RunDiskFaults(const DiskFaultPlan& plan) {
  const uint64_t steps = CountSteps(plan);
  ASSERT_GT(steps, 0u) << "the library that injects faults was not loaded, or watches nothing";
  uint64_t runs = 0;
  std::map<End, uint64_t> ends;
  for (const char* fault : kFaults) {
    for (uint64_t step : Chosen(steps)) {
      SCOPED_TRACE(absl::StrCat(plan.name, ": ", fault, " at step ", step, " of ", steps));
      testing::TemporaryDirectory work;
      const std::string directory = CopyOf(plan.before, work);
      absl::StatusOr<testing::ProcessResult> child =
          Run(plan, directory, work.path(),
              {absl::StrCat("FAULTY_DISK_FAULT=", fault), absl::StrCat("FAULTY_DISK_STEP=", step)});
      ASSERT_THAT(child, IsOk());
      const FaultedRun run{fault, step, directory, *std::move(child)};
      // Whatever the disk does, the program ends by itself or by the fault.
      ASSERT_TRUE(run.told() ? run.child.exit_code < 128 : run.killed() || step > steps - 3)
          << "exit code " << run.child.exit_code << "\n"
          << run.child.errors;
      ends[plan.check(run)] += 1;
      runs += 1;
      if (::testing::Test::HasFailure()) {
        std::cout << run.child.output << run.child.errors << std::endl;
        return;
      }
    }
  }
  std::cout << "FIGURE disk faults, " << plan.name << ": " << runs << " runs over " << steps
            << " steps, " << ends[End::kOld] << " ended at the old state, " << ends[End::kNew]
            << " at the new one, 0 in between" << std::endl;
}

}  // namespace cloister::fault
