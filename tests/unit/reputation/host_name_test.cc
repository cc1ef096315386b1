#include "reputation/host_name.h"

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::SharedData;
using ::cloister::testing::SharedDataHint;
using ::cloister::testing::VectorRow;
using ::testing::IsEmpty;

TEST(HostNameTest, Vectors) {
  for (const VectorRow& row : ReadVectors("host_name.txt", 2)) {
    SCOPED_TRACE(row.place);
    absl::StatusOr<std::string> name = CanonicalHostName(row.fields[0]);
    if (row.fields[1] == "!") {
      EXPECT_THAT(name, HasCode(absl::StatusCode::kInvalidArgument));
      continue;
    }
    ASSERT_THAT(name, IsOk());
    EXPECT_EQ(*name, row.fields[1]);
    EXPECT_EQ(*CanonicalHostName(*name), *name);
  }
}

TEST(HostNameTest, RefusesLongNames) {
  std::string label(63, 'a');
  std::string longest = absl::StrCat(label, ".", label, ".", label, ".", label.substr(0, 61));
  ASSERT_EQ(longest.size(), 253u);
  EXPECT_THAT(CanonicalHostName(longest), IsOk());
  EXPECT_THAT(CanonicalHostName(longest + "a"), HasCode(absl::StatusCode::kInvalidArgument));
  std::string umlauts;
  for (int i = 0; i < 100000; ++i) umlauts += "\xc3\xbc.";
  EXPECT_THAT(CanonicalHostName(umlauts), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(HostSuffixesTest, Vectors) {
  for (const VectorRow& row : ReadVectors("host_suffixes.txt", 2)) {
    SCOPED_TRACE(row.place);
    std::vector<std::string> suffixes;
    for (absl::string_view suffix : HostSuffixes(row.fields[0])) suffixes.emplace_back(suffix);
    if (suffixes.empty()) suffixes.push_back("-");
    EXPECT_EQ(suffixes, std::vector(row.fields.begin() + 1, row.fields.end()));
    EXPECT_EQ(IsPublicSuffix(row.fields[0]), row.fields[1] == "-");
  }
}

TEST(HostSuffixesTest, TakesAnyText) {
  EXPECT_THAT(HostSuffixes(""), IsEmpty());
  EXPECT_FALSE(IsPublicSuffix(""));
  EXPECT_THAT(HostSuffixes(std::string(1 << 20, 'a')), IsEmpty());
  EXPECT_FALSE(IsPublicSuffix(std::string(1 << 20, 'a')));
  EXPECT_THAT(HostSuffixes("a.example.com").size(), 2u);
  std::string deep;
  for (int i = 0; i < 121; ++i) deep += "a.";
  EXPECT_EQ(HostSuffixes(deep + "example.com").size(), 122u);
}

// publicsuffix.org's own test: name and registrable domain, "null" where there is none.
TEST(HostSuffixesTest, PublishedListTests) {
  for (const char* file_name : {"vectors/psl/tests/tests.txt", "vectors/psl/tests/test_psl.txt"}) {
    std::optional<std::string> path = SharedData(file_name);
    if (!path.has_value()) GTEST_SKIP() << SharedDataHint(file_name);
    std::ifstream file(*path);
    int checked = 0;
    for (std::string line; std::getline(file, line);) {
      // The other file writes the same as calls: checkPublicSuffix('a.com', null);
      if (absl::StartsWith(line, "checkPublicSuffix(")) {
        line = absl::StrReplaceAll(line.substr(18), {{"'", ""}, {",", ""}, {");", ""}});
      }
      size_t space = line.find(' ');
      if (absl::StartsWith(line, "//") || space == std::string::npos) continue;
      std::string name = line.substr(0, space);
      std::string registrable = line.substr(space + 1);
      absl::StatusOr<std::string> canonical = CanonicalHostName(name);
      if (name == "null" || !canonical.ok() || name[0] == '.') continue;
      SCOPED_TRACE(line);
      std::vector<absl::string_view> suffixes = HostSuffixes(*canonical);
      ++checked;
      if (registrable != "null") {
        ASSERT_FALSE(suffixes.empty());
        EXPECT_EQ(suffixes.back(), *CanonicalHostName(registrable));
      } else if (suffixes.size() == 1) {
        // One label that the list does not know, by our choice.
        EXPECT_EQ(canonical->find('.'), std::string::npos);
      } else {
        EXPECT_THAT(suffixes, IsEmpty());
      }
    }
    EXPECT_GT(checked, 60) << file_name;
  }
}

}  // namespace
}  // namespace cloister::reputation
