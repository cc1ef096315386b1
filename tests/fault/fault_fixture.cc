#include "tests/fault/fault_fixture.h"

#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/files/files.h"
#include "storage/store/reputation_store.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {

using storage::ReputationStore;
using testing::IsOk;

void RunToEnd(const testing::ProcessOptions& program) {
  absl::StatusOr<testing::ProcessResult> result = testing::RunProcess(program, absl::Seconds(60));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->exit_code, 0) << result->output << result->errors;
}

testing::ProcessOptions UpdateChild(const std::string& directory, const std::string& action) {
  return {.argv = {testing::ProgramPath("fault-update-child"), directory, action}};
}

testing::ProcessOptions CloisterSync(const std::string& directory, const std::string& settings,
                                     const std::string& feed_settings) {
  const std::string path = directory + "/cloister-sync.toml";
  EXPECT_THAT(
      storage::WriteFileAtomically(
          path,
          absl::StrCat("spool_directory = \"", directory, "/spool\"\nstate_directory = \"",
                       directory, "/sync\"\nreserve_mb = 0\n", settings, "[[feed]]\nname = \"",
                       kFeed, "\"\nroot = \"", directory, "/threats.root.json\"\n", feed_settings)),
      IsOk());
  return {.argv = {testing::ProgramPath("cloister-sync"), "--config", path, "--once"}};
}

uint64_t ServedWhole(const std::string& directory, bool* overridden) {
  absl::StatusOr<std::unique_ptr<ReputationStore>> store =
      ReputationStore::Open(StoreOptions(directory));
  EXPECT_THAT(store, IsOk());
  if (!store.ok()) return 0;
  EXPECT_THAT((*store)->VerifyAudit(), IsOk());
  if (overridden != nullptr) {
    *overridden = (*store)->Current()->FindOverride(OverriddenKey()).ok();
  }
  const uint64_t version = (*store)->Current()->feeds()[0].version;
  if (version == 0) return 0;
  absl::StatusOr<storage::VerifyReport> report = (*store)->Verify(kFeed, nullptr);
  EXPECT_THAT(report, IsOk());
  if (report.ok()) {
    EXPECT_THAT(report->served, IsOk());
    EXPECT_THAT(report->rotten_packs, ::testing::IsEmpty());
  }
  return version;
}

uint64_t TakenFromSpool(const std::string& directory) {
  for (const char* part : {"/data", "/trust"}) std::filesystem::remove_all(directory + part);
  RunToEnd(UpdateChild(directory, "update"));
  return ServedWhole(directory);
}

void DiskFaultFixture::SetUp() {
#ifdef CLOISTER_SANITIZED
  GTEST_SKIP() << "sanitizers and the preloaded library both replace the C library's calls";
#endif
  Prepare();
}

}  // namespace cloister::fault
