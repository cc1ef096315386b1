#include "storage/files/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Hex(const reputation::Sha256Bytes& hash) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

mode_t ModeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(ReadFileTest, ReadsUpToTheLimit) {
  TemporaryDirectory directory;
  std::string path = directory / "file";
  ASSERT_THAT(WriteFileAtomically(path, "twelve bytes"), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string contents, ReadFile(path, 12));
  EXPECT_EQ(contents, "twelve bytes");
  absl::StatusOr<std::string> longer = ReadFile(path, 11);
  EXPECT_THAT(longer, HasCode(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(std::string(longer.status().message()), HasSubstr(path));
}

TEST(ReadFileTest, ReadsEmptyAndLargeFiles) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteFileAtomically(directory / "empty", ""), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string empty, ReadFile(directory / "empty", 0));
  EXPECT_THAT(empty, IsEmpty());
  std::string large(700'001, 'x');
  ASSERT_THAT(WriteFileAtomically(directory / "large", large), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string read, ReadFile(directory / "large", large.size()));
  EXPECT_EQ(read, large);
}

TEST(ReadFileTest, SaysWhenTheFileIsAbsent) {
  TemporaryDirectory directory;
  EXPECT_THAT(ReadFile(directory / "absent", 1), HasCode(absl::StatusCode::kNotFound));
}

TEST(ReadFileTest, RefusesWhatIsNoRegularFile) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteFileAtomically(directory / "file", "x"), IsOk());
  std::filesystem::create_symlink("file", directory / "link");
  ASSERT_EQ(mkfifo((directory / "pipe").c_str(), 0600), 0);
  for (const char* name : {"link", "pipe", "."}) {
    EXPECT_THAT(ReadFile(directory / name, 100), IsRejectedFor(RejectReason::kSpoolForeign))
        << name;
  }
}

TEST(WriteFileAtomicallyTest, ReplacesAndLeavesNothingBeside) {
  TemporaryDirectory directory;
  std::string path = directory / "file";
  ASSERT_THAT(WriteFileAtomically(path, "old", 0600), IsOk());
  ASSERT_THAT(WriteFileAtomically(path, "new", 0640), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string contents, ReadFile(path, 100));
  EXPECT_EQ(contents, "new");
  EXPECT_EQ(ModeOf(path), 0640u);
  ASSERT_OK_AND_ASSIGN(auto names, ListDirectory(directory.path()));
  EXPECT_THAT(names, ElementsAre("file"));
}

TEST(WriteFileAtomicallyTest, ReplacesALinkRatherThanWhatItPointsTo) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteFileAtomically(directory / "target", "target"), IsOk());
  std::filesystem::create_symlink("target", directory / "link");
  ASSERT_THAT(WriteFileAtomically(directory / "link", "written"), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string target, ReadFile(directory / "target", 100));
  EXPECT_EQ(target, "target");
}

TEST(WriteFileAtomicallyTest, NamesTheDirectoryThatIsMissing) {
  TemporaryDirectory directory;
  absl::Status status = WriteFileAtomically(directory / "missing/file", "x");
  EXPECT_THAT(status, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing"));
}

TEST(WriteFileAtomicallyTest, SaysThatTheDiskIsFull) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  // The bytes go to a device that is always full, through a file opened as TemporaryFile does.
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(TemporaryFile file, TemporaryFile::Create(directory.path()));
  int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  struct stat wanted;
  ASSERT_EQ(stat(file.path().c_str(), &wanted), 0);
  for (int fd = 3; fd < 1024; ++fd) {
    struct stat info;
    if (fd != full && fstat(fd, &info) == 0 && info.st_ino == wanted.st_ino) dup2(full, fd);
  }
  close(full);
  EXPECT_THAT(file.Append("x"), IsRejectedFor(RejectReason::kNoSpace));
}

TEST(MakeDirectoriesTest, MakesAllThatIsMissingWithTheMode) {
  TemporaryDirectory directory;
  ASSERT_THAT(MakeDirectories(directory / "a/b/c", 0750), IsOk());
  EXPECT_EQ(ModeOf(directory / "a"), 0750u);
  EXPECT_EQ(ModeOf(directory / "a/b/c"), 0750u);
  EXPECT_THAT(MakeDirectories(directory / "a/b/c"), IsOk());
  EXPECT_EQ(ModeOf(directory / "a/b/c"), 0750u);
}

TEST(MakeDirectoriesTest, SaysThatAFileIsInTheWay) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteFileAtomically(directory / "file", ""), IsOk());
  absl::Status status = MakeDirectories(directory / "file/below");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("file"));
}

TEST(ListDirectoryTest, SortsNamesAndSaysWhenThereIsNone) {
  TemporaryDirectory directory;
  for (const char* name : {"b", "a", ".hidden"}) {
    ASSERT_THAT(WriteFileAtomically(directory / name, ""), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(auto names, ListDirectory(directory.path()));
  EXPECT_THAT(names, ElementsAre(".hidden", "a", "b"));
  EXPECT_THAT(ListDirectory(directory / "absent"), HasCode(absl::StatusCode::kNotFound));
}

TEST(FreeBytesTest, KnowsTheFileSystem) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(uint64_t free, FreeBytes(directory.path()));
  EXPECT_GT(free, 0u);
  EXPECT_THAT(FreeBytes(directory / "absent"), HasCode(absl::StatusCode::kNotFound));
}

TEST(TemporaryFileTest, VanishesUnlessCommitted) {
  TemporaryDirectory directory;
  {
    ASSERT_OK_AND_ASSIGN(TemporaryFile file, TemporaryFile::Create(directory.path()));
    ASSERT_THAT(file.Append("partial"), IsOk());
    EXPECT_EQ(ModeOf(file.path()), 0600u);
    TemporaryFile moved = std::move(file);
    EXPECT_EQ(moved.size(), 7u);
  }
  ASSERT_OK_AND_ASSIGN(auto names, ListDirectory(directory.path()));
  EXPECT_THAT(names, IsEmpty());
}

TEST(TemporaryFileTest, CommitsOnce) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(TemporaryFile file, TemporaryFile::Create(directory.path()));
  ASSERT_THAT(file.Append("one "), IsOk());
  ASSERT_THAT(file.Append("two"), IsOk());
  ASSERT_THAT(file.Commit(directory / "done"), IsOk());
  EXPECT_THAT(file.Append("three"), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(file.Commit(directory / "again"), HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK_AND_ASSIGN(std::string contents, ReadFile(directory / "done", 100));
  EXPECT_EQ(contents, "one two");
}

// FIPS 180-4 example values, as NIST publishes them.
TEST(Sha256StreamTest, HashesPiecesAsTheWhole) {
  Sha256Stream empty;
  EXPECT_EQ(Hex(empty.Finish()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256Stream abc;
  abc.Update("a");
  abc.Update("");
  abc.Update("bc");
  EXPECT_EQ(Hex(abc.Finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256OfFileTest, HashesAMillionBytes) {
  TemporaryDirectory directory;
  ASSERT_THAT(WriteFileAtomically(directory / "file", std::string(1'000'000, 'a')), IsOk());
  ASSERT_OK_AND_ASSIGN(reputation::Sha256Bytes hash, Sha256OfFile(directory / "file"));
  EXPECT_EQ(Hex(hash), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_THAT(Sha256OfFile(directory / "absent"), HasCode(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cloister::storage
