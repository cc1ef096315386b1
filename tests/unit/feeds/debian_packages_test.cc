#include <stdlib.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::LookupKey;
using reputation::ObjectKind;
using reputation::Verdict;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr char kDigest[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

std::string Stanza(absl::string_view package, absl::string_view version,
                   absl::string_view digest = kDigest) {
  return absl::StrCat(
      "Package: ", package, "\nSource: other\nVersion: ", version,
      "\nDescription: one line\n and: another\nArchitecture: amd64\nSHA256: ", digest, "\n\n");
}

LookupKey PurlKey(absl::string_view purl) {
  return reputation::Object::Software(purl)->Keys(false).keys.front();
}

TEST(DebianPackages, GivesDigestAndBothPackageUrlsWithOneLabel) {
  const FeedOutcome outcome =
      ReadFeed("debian-packages", Stanza("libstdc++6", "1:12.2.0-14+deb12u1"));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 3u);
  EXPECT_EQ(outcome.entries[0].key, reputation::Object::FileHex(kDigest)->Keys(false).keys.front());
  EXPECT_EQ(outcome.entries[1].key, PurlKey("pkg:deb/debian/libstdc++6@1:12.2.0-14+deb12u1"));
  EXPECT_EQ(outcome.entries[2].key,
            PurlKey("pkg:deb/debian/libstdc++6@1:12.2.0-14+deb12u1?arch=amd64"));
  const std::vector<std::string> listed = {
      kDigest, "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1",
      "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64"};
  EXPECT_EQ(outcome.listed, listed);
  for (const FeedEntry& entry : outcome.entries) {
    EXPECT_EQ(entry.record.verdict, Verdict::kKnown);
    EXPECT_EQ(entry.label.product, "libstdc++6");
    EXPECT_EQ(entry.label.vendor, "Debian");
    EXPECT_EQ(entry.label.version, "1:12.2.0-14+deb12u1");
  }
}

// deb822(5): lines of white space alone separate, too.
TEST(DebianPackages, AlsoBlanksSeparateStanzas) {
  std::string text = absl::StrCat(Stanza("a", "1"), Stanza("b", "2"));
  text.replace(text.find("\n\n"), 2, "\n \t\n");
  const FeedOutcome outcome = ReadFeed("debian-packages", text);
  ASSERT_EQ(outcome.entries.size(), 6u);
  EXPECT_EQ(outcome.entries[0].label.product, "a");
}

TEST(DebianPackages, OnlyTheDigestBecomesTrusted) {
  const FeedOutcome outcome =
      ReadFeed("debian-packages", Stanza("curl", "7.88.1"), {.verdict = Verdict::kTrusted});
  ASSERT_EQ(outcome.entries.size(), 3u);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kTrusted);
  EXPECT_EQ(outcome.entries[1].record.verdict, Verdict::kKnown);
  EXPECT_EQ(outcome.entries[2].record.verdict, Verdict::kKnown);
  EXPECT_THAT(NewFeedReader("debian-packages", {.verdict = Verdict::kMalicious}),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(DebianPackages, ABadStanzaCostsNoOther) {
  const std::string text =
      absl::StrCat("Package: a\nVersion: 1\nArchitecture: all\n\n",  // no digest
                   Stanza("bad name", "1"), Stanza("b", "1 2"), Stanza("c", "1", "abcd"),
                   Stanza("d", "1", std::string(40, '0')),  // a SHA-1
                   "no colon here\n\n\n", Stanza("good", "2"), "Package: last\nVersion: 1");
  const FeedOutcome outcome = ReadFeed("debian-packages", text);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kMissingField), 3u);
  EXPECT_EQ(outcome.Rejected(RowFault::kBadValue), 4u);
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kMissingField).examples[0].line, 1u);
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kBadValue).examples[0].line, 5u);
}

TEST(DebianPackages, AnotherKindOfFileIsAnError) {
  EXPECT_THAT(ReadFeed("debian-packages", "kind,value,verdict\n").status,
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(DebianPackages, ReadsTheWholeOfARealIndex) {
  constexpr char kIndex[] = "data/debian-packages/bookworm-main-amd64.Packages.zst";
  const std::optional<std::string> path = testing::SharedData(kIndex);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kIndex);
  const FeedOutcome outcome = ReadFeedFile("debian-packages", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 63440u);
  EXPECT_EQ(outcome.report.rejected(), 0u);
  EXPECT_EQ(outcome.entries.size(), 3u * 63440u);
}

}  // namespace
}  // namespace cloister::feeds
