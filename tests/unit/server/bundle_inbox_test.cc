#include "server/admin/bundle_inbox.h"

#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;

constexpr uint64_t kMost = 1ull << 50;

class BundleInboxTest : public ::testing::Test {
 protected:
  std::unique_ptr<BundleInbox> Open(uint64_t reserve_bytes = 0) {
    absl::StatusOr<std::unique_ptr<BundleInbox>> inbox =
        BundleInbox::Open({.directory = directory_ / "inbox",
                           .spool_directory = directory_ / "spool",
                           .max_bundle_bytes = kMost,
                           .reserve_bytes = reserve_bytes});
    EXPECT_THAT(inbox, IsOk());
    return *std::move(inbox);
  }
  uint64_t Free() const { return *storage::FreeBytes(directory_.path()); }

  const testing::TemporaryDirectory directory_;
};

TEST_F(BundleInboxTest, UploadsAtOnceAreBounded) {
  auto inbox = Open();
  std::vector<std::unique_ptr<BundleInbox::Upload>> uploads;
  for (size_t i = 0; i < BundleInbox::kMaxUploads; ++i) {
    ASSERT_OK_AND_ASSIGN(auto upload, inbox->Begin(1));
    uploads.push_back(std::move(upload));
  }
  EXPECT_THAT(inbox->Begin(1), HasCode(absl::StatusCode::kResourceExhausted));
  uploads.pop_back();
  EXPECT_THAT(inbox->Begin(1), IsOk());
}

TEST_F(BundleInboxTest, SpaceIsReservedForWhatHasNotArrived) {
  EXPECT_THAT(Open(kMost)->Begin(1), IsRejectedFor(reputation::RejectReason::kNoSpace));
  auto inbox = Open();
  // Each fits, both do not. Other tests use this disk, too, but not a third of it.
  const uint64_t two_thirds = Free() / 3 * 2;
  {
    ASSERT_OK_AND_ASSIGN(auto first, inbox->Begin(two_thirds));
    EXPECT_THAT(inbox->Begin(two_thirds), IsRejectedFor(reputation::RejectReason::kNoSpace));
  }
  EXPECT_THAT(inbox->Begin(two_thirds), IsOk()) << "the first one was given up";
}

TEST_F(BundleInboxTest, NothingAppearsBeforeItIsPublished) {
  auto inbox = Open();
  const auto names = [&] { return *storage::ListDirectory(directory_ / "inbox"); };
  const auto bundles = [&] {
    size_t count = 0;
    for (const std::string& name : names()) count += trust::IsBundleFileName(name) ? 1 : 0;
    return count;
  };
  ASSERT_OK_AND_ASSIGN(auto upload, inbox->Begin(3));
  ASSERT_THAT(upload->Append("abc"), IsOk());
  ASSERT_THAT(upload->Finish(), IsOk());
  EXPECT_EQ(bundles(), 0u);
  ASSERT_OK_AND_ASSIGN(std::string name, upload->Publish());
  EXPECT_EQ(bundles(), 1u);
  upload.reset();
  EXPECT_EQ(names(), std::vector<std::string>{name}) << "and nothing else is left";
  ASSERT_OK_AND_ASSIGN(trust::BundleImport outcome, inbox->Outcome(name));
  EXPECT_EQ(outcome.state, "waiting");
}

}  // namespace
}  // namespace cloister::server
