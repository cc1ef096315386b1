#include "sync/transport/folder/folder_fetcher.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::transport {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::TemporaryDirectory;

class FolderFetcherTest : public ::testing::Test {
 protected:
  FolderFetcherTest() {
    std::filesystem::create_directories(directory_ / "repository/metadata");
    std::filesystem::create_directories(directory_ / "repository/targets");
    Write("repository/metadata/timestamp.json", "signed");
    Write("repository/targets/abc.pack", "packed");
    Write("outside.json", "outside");
    auto fetcher = FolderFetcher::Open(directory_ / "repository");
    EXPECT_THAT(fetcher, IsOk());
    fetcher_ = *std::move(fetcher);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }
  absl::StatusOr<std::string> Target(const std::string& name, uint64_t max_bytes = 100,
                                     uint64_t offset = 0) {
    std::string bytes;
    absl::Status s = fetcher_->Target(name, offset, max_bytes, [&](absl::string_view piece) {
      bytes.append(piece.data(), piece.size());
      return absl::OkStatus();
    });
    if (!s.ok()) return s;
    return bytes;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<FolderFetcher> fetcher_;
};

TEST_F(FolderFetcherTest, ReadsMetadataAndTargets) {
  EXPECT_EQ(*fetcher_->Metadata("timestamp.json", 6), "signed");
  EXPECT_EQ(*Target("abc.pack", 6), "packed");
}

TEST_F(FolderFetcherTest, SaysWhatIsNotThere) {
  EXPECT_THAT(fetcher_->Metadata("2.root.json", 100), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(Target("none"), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(FolderFetcherTest, RefusesWhatIsTooLong) {
  EXPECT_THAT(fetcher_->Metadata("timestamp.json", 5),
              IsRejectedFor(RejectReason::kMetadataTooLarge));
  EXPECT_THAT(Target("abc.pack", 5), IsRejectedFor(RejectReason::kTargetTooLarge));
}

TEST_F(FolderFetcherTest, RefusesNamesThatLeaveTheFolder) {
  for (const char* name : {"", ".", "..", "../targets/abc.pack", "../../outside.json",
                           "/etc/passwd", "a/b", "timestamp.json/", ".hidden"}) {
    EXPECT_THAT(fetcher_->Metadata(name, 100), IsRejectedFor(RejectReason::kTargetUndescribed));
    EXPECT_THAT(Target(name), IsRejectedFor(RejectReason::kTargetUndescribed));
  }
  EXPECT_THAT(fetcher_->Metadata(absl::string_view("timestamp.json\0x", 16), 100),
              IsRejectedFor(RejectReason::kTargetUndescribed));
}

TEST_F(FolderFetcherTest, FollowsNoLinkInsideTheRepository) {
  std::filesystem::create_symlink(directory_ / "outside.json",
                                  directory_ / "repository/metadata/1.root.json");
  EXPECT_THAT(fetcher_->Metadata("1.root.json", 100), IsRejectedFor(RejectReason::kSpoolForeign));
}

TEST_F(FolderFetcherTest, FollowsNoLinkedFolder) {
  std::filesystem::create_directories(directory_ / "linked");
  std::filesystem::create_symlink(directory_ / "repository/metadata",
                                  directory_ / "linked/metadata");
  EXPECT_THAT(FolderFetcher::Open(directory_ / "linked"), HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(FolderFetcherTest, RefusesPipesAndFoldersWithoutWaiting) {
  ASSERT_EQ(mkfifo((directory_ / "repository/metadata/pipe.json").c_str(), 0600), 0);
  std::filesystem::create_directories(directory_ / "repository/metadata/folder.json");
  EXPECT_THAT(fetcher_->Metadata("pipe.json", 100), IsRejectedFor(RejectReason::kSpoolForeign));
  EXPECT_THAT(fetcher_->Metadata("folder.json", 100), IsRejectedFor(RejectReason::kSpoolForeign));
}

TEST_F(FolderFetcherTest, StaysWithTheFolderThatItOpened) {
  std::filesystem::rename(directory_ / "repository", directory_ / "moved");
  std::filesystem::create_directories(directory_ / "repository/metadata");
  Write("repository/metadata/timestamp.json", "another");
  EXPECT_EQ(*fetcher_->Metadata("timestamp.json", 100), "signed");
}

TEST_F(FolderFetcherTest, SaysWhyItCannotOpen) {
  EXPECT_THAT(FolderFetcher::Open(directory_ / "none"), HasCode(absl::StatusCode::kUnavailable));
  std::filesystem::create_directories(directory_ / "empty");
  EXPECT_THAT(FolderFetcher::Open(directory_ / "empty"), HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(FolderFetcherTest, AFolderWithoutTargetsHasNone) {
  std::filesystem::create_directories(directory_ / "new/metadata");
  ASSERT_OK_AND_ASSIGN(fetcher_, FolderFetcher::Open(directory_ / "new"));
  EXPECT_THAT(Target("x"), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(FolderFetcherTest, HandsOnWhatTheSinkSays) {
  EXPECT_THAT(fetcher_->Target("abc.pack", 0, 100,
                               [](absl::string_view) { return absl::DataLossError("disk"); }),
              HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace cloister::transport
