#include "reputation/purl.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;

TEST(PackageUrlTest, Vectors) {
  for (const VectorRow& row : ReadVectors("purl.txt", 2)) {
    SCOPED_TRACE(row.place);
    absl::StatusOr<PackageUrl> purl = PackageUrl::Parse(row.fields[0]);
    if (row.fields[1] == "!") {
      EXPECT_THAT(purl, HasCode(absl::StatusCode::kInvalidArgument));
      continue;
    }
    ASSERT_THAT(purl, IsOk());
    EXPECT_EQ(purl->ToString(), row.fields[1]);
    ASSERT_OK_AND_ASSIGN(PackageUrl again, PackageUrl::Parse(purl->ToString()));
    EXPECT_EQ(again, *purl);
  }
}

TEST(PackageUrlTest, Components) {
  ASSERT_OK_AND_ASSIGN(
      PackageUrl purl,
      PackageUrl::Parse("pkg:npm/%40scope/name@1.0%2B2?os=linux&Arch=arm%2064#lib/a"));
  EXPECT_EQ(purl.type, "npm");
  EXPECT_EQ(purl.name_space, "@scope");
  EXPECT_EQ(purl.name, "name");
  EXPECT_EQ(purl.version, "1.0+2");
  EXPECT_EQ(purl.qualifiers,
            (std::map<std::string, std::string>{{"arch", "arm 64"}, {"os", "linux"}}));
  EXPECT_EQ(purl.subpath, "lib/a");
  EXPECT_EQ(purl.WithoutQualifiers().ToString(), "pkg:npm/%40scope/name@1.0%2B2");
  EXPECT_EQ(purl.WithoutVersion().ToString(), "pkg:npm/%40scope/name");
}

TEST(PackageUrlTest, RefusesLongText) {
  std::string text = "pkg:deb/";
  text.append(PackageUrl::kMaxBytes - text.size(), 'a');
  EXPECT_THAT(PackageUrl::Parse(text), IsOk());
  EXPECT_THAT(PackageUrl::Parse(text + "a"), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(PackageUrlTest, SaysWhatIsMissing) {
  EXPECT_THAT(std::string(PackageUrl::Parse("pkg:deb/@1").status().message()),
              ::testing::HasSubstr("the name is missing"));
}

}  // namespace
}  // namespace cloister::reputation
