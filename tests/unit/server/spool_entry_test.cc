#include "server/updates/spool_entry.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using reputation::RejectReason;

namespace fs = std::filesystem;

class SpoolEntryTest : public ::testing::Test {
 protected:
  SpoolEntryTest() {
    fs::create_directories(entry_ + "/metadata");
    fs::create_directories(entry_ + "/targets");
    Write(entry_ + "/metadata/timestamp.json", "{}");
    Write(entry_ + "/targets/pack", "0123456789");
    entry();
  }
  void Write(const std::string& path, const std::string& contents) {
    ASSERT_THAT(storage::WriteFileAtomically(path, contents), IsOk());
  }
  SpoolEntry& entry() {
    if (!opened_) {
      absl::StatusOr<std::unique_ptr<SpoolEntry>> opened =
          SpoolEntry::Open(directory_.path(), "feed", 7);
      EXPECT_THAT(opened, IsOk());
      if (opened.ok()) opened_ = *std::move(opened);
    }
    return *opened_;
  }
  absl::StatusOr<std::string> Target(absl::string_view name, uint64_t max_bytes = 100,
                                     uint64_t offset = 0) {
    std::string contents;
    absl::Status status = entry().Target(name, offset, max_bytes, [&](absl::string_view piece) {
      contents.append(piece.data(), piece.size());
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return contents;
  }

  testing::TemporaryDirectory directory_;
  std::string entry_ = directory_ / "feed/00000000000000000007";
  std::unique_ptr<SpoolEntry> opened_;
};

TEST_F(SpoolEntryTest, ReadsRegularFiles) {
  EXPECT_EQ(*entry().Metadata("timestamp.json", 10), "{}");
  EXPECT_EQ(*Target("pack"), "0123456789");
  EXPECT_THAT(entry().CheckTarget("pack", 10), IsOk());
}

TEST_F(SpoolEntryTest, AbsentFilesAreNotFound) {
  EXPECT_THAT(entry().Metadata("1.root.json", 10), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(Target("other"), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(entry().CheckTarget("other", 1), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(SpoolEntryTest, BoundsAreKept) {
  EXPECT_THAT(entry().Metadata("timestamp.json", 1),
              IsRejectedFor(RejectReason::kMetadataTooLarge));
  EXPECT_THAT(Target("pack", 9), IsRejectedFor(RejectReason::kTargetTooLarge));
  EXPECT_EQ(*Target("pack", 10), "0123456789");
  EXPECT_THAT(entry().CheckTarget("pack", 9), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(SpoolEntryTest, NamesThatLeaveTheFolderAreRefused) {
  Write(directory_ / "feed/secret", "s");
  for (const char* name : {"../../secret", "..", ".", "", "a/b", "/etc/hostname"}) {
    EXPECT_THAT(Target(name), IsRejectedFor(RejectReason::kSpoolForeign)) << name;
  }
  EXPECT_THAT(Target(absl::string_view("pack\0x", 6)), IsRejectedFor(RejectReason::kSpoolForeign));
}

TEST_F(SpoolEntryTest, LinksAndWhatIsNoFileAreForeign) {
  const std::string targets = entry_ + "/targets/";
  fs::create_symlink("pack", targets + "link");
  fs::create_symlink("nowhere", targets + "dangling");
  fs::create_directory(targets + "folder");
  ASSERT_EQ(mkfifo((targets + "pipe").c_str(), 0600), 0);
  for (const char* name : {"link", "dangling", "folder", "pipe"}) {
    EXPECT_THAT(Target(name), IsRejectedFor(RejectReason::kSpoolForeign)) << name;
    EXPECT_THAT(entry().CheckTarget(name, 10), IsRejectedFor(RejectReason::kSpoolForeign)) << name;
  }
}

TEST_F(SpoolEntryTest, ErrorOfTheSinkEndsTheFetch) {
  const absl::Status status = entry().Target(
      "pack", 0, 100, [](absl::string_view) { return absl::CancelledError("enough"); });
  EXPECT_THAT(status, HasCode(absl::StatusCode::kCancelled));
}

// The folders are held: what takes their names later is not looked at.
TEST_F(SpoolEntryTest, EntrySwappedWhileOpenIsReadAsItWas) {
  fs::rename(entry_, directory_ / "old");
  fs::create_directories(entry_ + "/targets");
  fs::create_directories(entry_ + "/metadata");
  Write(entry_ + "/targets/pack", "swapped!!!");
  EXPECT_EQ(*Target("pack"), "0123456789");
}

TEST_F(SpoolEntryTest, LinkedFoldersAreForeign) {
  for (const char* folder : {"/metadata", "/targets"}) {
    fs::rename(entry_ + folder, directory_ / "moved");
    fs::create_directory_symlink(directory_ / "moved", entry_ + folder);
    EXPECT_THAT(SpoolEntry::Open(directory_.path(), "feed", 7),
                IsRejectedFor(RejectReason::kSpoolForeign));
    fs::remove(entry_ + folder);
    fs::rename(directory_ / "moved", entry_ + folder);
  }
}

TEST_F(SpoolEntryTest, NewestEntryIsTheHighestCompleteOne) {
  const std::string folder = directory_ / "feed/";
  fs::create_directory(folder + "00000000000000000012");
  fs::create_directory(folder + ".incoming-00000000000000000099");
  fs::create_directory(folder + "99");
  fs::create_directory(folder + "0000000000000000009x");
  ASSERT_OK_AND_ASSIGN(auto entries, SpoolEntries(directory_.path(), "feed"));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].version, 12u);
  EXPECT_EQ(entries[1].version, 7u);
}

TEST_F(SpoolEntryTest, OnlyTheHighestEntriesAreLookedAt) {
  for (int version = 10; version < 40; ++version) {
    fs::create_directory(absl::StrCat(directory_ / "feed/000000000000000000", version));
  }
  ASSERT_OK_AND_ASSIGN(auto entries, SpoolEntries(directory_.path(), "feed"));
  ASSERT_EQ(entries.size(), 8u);
  EXPECT_EQ(entries.front().version, 39u);
  EXPECT_EQ(entries.back().version, 32u);
}

TEST_F(SpoolEntryTest, NoSpoolAndNoFolderAreNoEntry) {
  ASSERT_OK_AND_ASSIGN(auto no_spool, SpoolEntries(directory_ / "nowhere", "feed"));
  EXPECT_TRUE(no_spool.empty());
  ASSERT_OK_AND_ASSIGN(auto no_feed, SpoolEntries(directory_.path(), "other"));
  EXPECT_TRUE(no_feed.empty());
}

TEST_F(SpoolEntryTest, AnotherFolderUnderTheSameNameIsAnotherEntry) {
  ASSERT_OK_AND_ASSIGN(auto first, SpoolEntries(directory_.path(), "feed"));
  ASSERT_OK_AND_ASSIGN(auto again, SpoolEntries(directory_.path(), "feed"));
  EXPECT_EQ(first, again);
  fs::rename(entry_, directory_ / "old");
  fs::create_directory(entry_);
  ASSERT_OK_AND_ASSIGN(auto other, SpoolEntries(directory_.path(), "feed"));
  EXPECT_NE(first, other);
}

TEST_F(SpoolEntryTest, NothingButTheWordOfflineMakesAnEntryOffline) {
  const std::string origin = entry_ + "/origin";
  const auto offline = [this] {
    opened_.reset();
    return entry().offline();
  };
  EXPECT_FALSE(offline()) << "without the file";
  for (const char* word : {"offline", "offline\n"}) {
    Write(origin, word);
    EXPECT_TRUE(offline()) << word;
  }
  for (const char* word : {"online", "", "offline offline", "OFFLINE", "offline\n\n", " offline"}) {
    Write(origin, word);
    EXPECT_FALSE(offline()) << word;
  }
  Write(origin, std::string(1 << 20, 'o'));
  EXPECT_FALSE(offline()) << "a large file";
  Write(directory_ / "word", "offline");
  fs::remove(origin);
  fs::create_symlink(directory_ / "word", origin);
  EXPECT_FALSE(offline()) << "a link";
  fs::remove(origin);
  ASSERT_EQ(mkfifo(origin.c_str(), 0600), 0);
  EXPECT_FALSE(offline()) << "a pipe";
}

}  // namespace
}  // namespace cloister::server
