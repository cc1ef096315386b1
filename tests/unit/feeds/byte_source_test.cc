// Compressed feeds: the same as the plain one, bounded, and never quietly cut short.

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using storage::ReadFile;
using storage::WriteFileAtomically;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

bool Shell(const std::string& command) {
  return std::system(absl::StrCat("set -e; ", command).c_str()) == 0;
}

std::string ManyHosts() {
  std::string text;
  for (int i = 0; i < 50000; ++i) absl::StrAppend(&text, "host", i * 7919 % 50000, ".example\n");
  return text;
}

// The same list, plain and compressed by the public tools.
class CompressedFeed : public ::testing::TestWithParam<std::pair<const char*, const char*>> {
 protected:
  // Appends the list, packed, to the file that it names; "" if the tool is not here.
  std::string Pack() {
    const auto [command, suffix] = GetParam();
    const std::string plain = directory_ / "list";
    EXPECT_THAT(WriteFileAtomically(plain, ManyHosts()), IsOk());
    const std::string packed = plain + suffix;
    const bool done = Shell(absl::StrCat(command, " < '", plain, "' >> '", packed, "'"));
    return done ? packed : "";
  }

  testing::TemporaryDirectory directory_;
};

TEST_P(CompressedFeed, OfOneOrSeveralFramesReadsLikeThePlainOne) {
  for (const uint64_t frames : {1, 2}) {
    const std::string packed = Pack();
    if (packed.empty()) GTEST_SKIP() << "skipped: no " << GetParam().first << " here";
    const FeedOutcome outcome = ReadFeedFile("domain", packed);
    ASSERT_THAT(outcome.status, IsOk());
    EXPECT_EQ(outcome.report.rows(), 50000 * frames);
  }
}

TEST_P(CompressedFeed, CutShortIsAnErrorNotAShorterFeed) {
  const std::string packed = Pack();
  if (packed.empty()) GTEST_SKIP() << "skipped: no " << GetParam().first << " here";
  const std::string bytes = ReadFile(packed, 64 << 20).value();
  for (const size_t kept : {bytes.size() - 5, bytes.size() / 2, size_t{12}}) {
    ASSERT_THAT(WriteFileAtomically(packed, bytes.substr(0, kept)), IsOk());
    const FeedOutcome cut = ReadFeedFile("domain", packed);
    EXPECT_THAT(cut.status, HasCode(absl::StatusCode::kDataLoss)) << kept;
    EXPECT_THAT(std::string(cut.status.message()), HasSubstr("fetch the file again")) << kept;
  }
}

TEST_P(CompressedFeed, DamagedIsAnError) {
  const std::string packed = Pack();
  if (packed.empty()) GTEST_SKIP() << "skipped: no " << GetParam().first << " here";
  std::string bytes = ReadFile(packed, 64 << 20).value();
  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 400; ++i) bytes[i] ^= 0x55;
  ASSERT_THAT(WriteFileAtomically(packed, bytes), IsOk());
  EXPECT_THAT(ReadFeedFile("domain", packed).status, HasCode(absl::StatusCode::kDataLoss));
}

TEST_P(CompressedFeed, OfNothingIsAnEmptyFeed) {
  const auto [command, suffix] = GetParam();
  const std::string packed = directory_ / (std::string("nothing") + suffix);
  if (!Shell(absl::StrCat(command, " < /dev/null > '", packed, "'"))) {
    GTEST_SKIP() << "skipped: no " << command << " here";
  }
  const FeedOutcome outcome = ReadFeedFile("domain", packed);
  EXPECT_THAT(outcome.status, IsOk());
  EXPECT_TRUE(outcome.entries.empty());
}

INSTANTIATE_TEST_SUITE_P(Formats, CompressedFeed,
                         ::testing::Values(std::pair("gzip -c", ".gz"),
                                           std::pair("bzip2 -c", ".bz2"), std::pair("xz -c", ".xz"),
                                           std::pair("zstd -qc", ".zst"),
                                           std::pair("lz4 -qc", ".lz4")),
                         [](const auto& info) { return std::string(info.param.second + 1); });

// Archives as `zip` makes them, in a folder of the test's own.
class ZippedFeed : public ::testing::Test {
 protected:
  std::string Zip(const std::vector<std::string>& texts) {
    std::string command = absl::StrCat("cd '", directory_.path(), "' && zip -q feed.zip");
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string name = absl::StrCat("f", i, ".txt");
      std::ofstream(directory_ / name) << texts[i];
      absl::StrAppend(&command, " ", name);
    }
    EXPECT_TRUE(Shell(command));
    return directory_ / "feed.zip";
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(ZippedFeed, IsReadLikeThePlainOne) {
  const FeedOutcome outcome = ReadFeedFile("domain", Zip({ManyHosts()}));
  EXPECT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 50000u);
}

TEST_F(ZippedFeed, OfTwoFilesIsNotGuessedAt) {
  const FeedOutcome outcome = ReadFeedFile("domain", Zip({"a.example\n", "b.example\n"}));
  EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("several files"));
}

TEST_F(ZippedFeed, CutShortIsAnError) {
  const std::string bytes = ReadFile(Zip({ManyHosts()}), 64 << 20).value();
  const std::string cut = directory_ / "cut.zip";
  ASSERT_THAT(WriteFileAtomically(cut, bytes.substr(0, bytes.size() / 2)), IsOk());
  EXPECT_THAT(ReadFeedFile("domain", cut).status, HasCode(absl::StatusCode::kDataLoss));
}

TEST(PackedFeed, ThatUnpacksBeyondAllMeasureIsRefused) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "zeros.zst";
  if (!Shell(absl::StrCat("head -c 300M /dev/zero | zstd -qc > '", path, "'"))) {
    GTEST_SKIP() << "skipped: no zstd here";
  }
  const FeedOutcome outcome = ReadFeedFile("domain", path);
  EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("times its size"));
}

// Layer in layer would multiply what each may expand to.
TEST_P(CompressedFeed, PackedTwiceIsRefused) {
  const std::string packed = Pack();
  const std::string twice = directory_ / "twice";
  if (packed.empty() ||
      !Shell(absl::StrCat(GetParam().first, " < '", packed, "' > '", twice, "'"))) {
    GTEST_SKIP() << "skipped: no " << GetParam().first << " here";
  }
  const FeedOutcome outcome = ReadFeedFile("domain", twice);
  EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("packed twice"));
}

TEST(PackedFeed, ThatIsAbsentOrAFolderSaysSo) {
  testing::TemporaryDirectory directory;
  EXPECT_THAT(ReadFeedFile("csv", directory / "absent").status,
              HasCode(absl::StatusCode::kNotFound));
  EXPECT_FALSE(ReadFeedFile("domain", std::string(directory.path())).status.ok());
}

// Formats that look at their beginning first, or read twice, open a source more than once.
TEST(PipedFeed, IsReadAsOftenAsAFile) {
  const testing::TemporaryDirectory directory;
  const std::string pipe = directory / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&pipe] {
    std::ofstream(pipe) << R"({"type":"bundle","objects":[{"type":"indicator","id":"indicator--1",
        "modified":"2024-01-01T00:00:00Z","pattern":"[domain-name:value = 'a.example']"}]})";
  });
  const FeedOutcome outcome = ReadFeedFile("stix", pipe);
  writer.join();
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 1u);
}

}  // namespace
}  // namespace cloister::feeds
