// What the tests of failing disks and killed programs share: programs run to their end, and what
// they left looked at.

#pragma once

#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "tests/fault/update_steps.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace cloister::fault {

// Runs the program; the test fails unless it ends with 0 in good time.
void RunToEnd(const testing::ProcessOptions& program);

// Serves what lies in <directory>/spool, or does another `action` of update_child.cc.
testing::ProcessOptions UpdateChild(const std::string& directory, const std::string& action);

// One run of cloister-sync with the feed `kFeed` into <directory>/spool. `settings` and
// `feed_settings` are lines of its configuration, such as the feed's url.
testing::ProcessOptions CloisterSync(const std::string& directory, const std::string& settings,
                                     const std::string& feed_settings);

// The version that the store in `directory` serves; 0 if none. The test fails unless that is whole,
// and the audit trail as it was written.
uint64_t ServedWhole(const std::string& directory, bool* overridden = nullptr);

// The version that a server which knows nothing yet takes from <directory>/spool, whole.
uint64_t TakenFromSpool(const std::string& directory);

// Every run starts from a copy of `before_`. Passed over under sanitizers.
class DiskFaultFixture : public ::testing::Test {
 protected:
  void SetUp() final;
  virtual void Prepare() {}

  testing::TemporaryDirectory directory_;
  const std::string before_ = MadeFolder(directory_ / "before");
};

}  // namespace cloister::fault
