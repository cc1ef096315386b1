#include "reputation/source_note.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

SourceNote Named(const std::string& name) {
  SourceNote note;
  note.name = name;
  return note;
}

TEST(RedistributionTest, WordsAreReadBack) {
  for (const Redistribution value : {Redistribution::kUnstated, Redistribution::kAllowed,
                                     Redistribution::kInternal, Redistribution::kForbidden}) {
    EXPECT_EQ(RedistributionFromName(RedistributionName(value)), value);
  }
  EXPECT_EQ(RedistributionName(Redistribution::kInternal), "internal");
  EXPECT_EQ(RedistributionFromName("ALLOWED"), std::nullopt);
  EXPECT_EQ(RedistributionFromName(""), std::nullopt);
}

TEST(SourceNoteTest, TextsUpToTheirLengthsAreTaken) {
  SourceNote note = Named(std::string(64, 'n'));
  note.licence = std::string(128, 'l');
  note.attribution = std::string(254, 'a') + "ü";
  note.url = std::string(256, 'u');
  EXPECT_THAT(CheckSourceNotes({note, Named("other")}), IsOk());
  EXPECT_THAT(CheckSourceNotes({}), IsOk());
  std::vector<SourceNote> many;
  for (int i = 0; i < 64; ++i) many.push_back(Named(absl::StrCat("s", i)));
  EXPECT_THAT(CheckSourceNotes(many), IsOk());
  many.push_back(Named("one more"));
  EXPECT_THAT(CheckSourceNotes(many), HasCode(absl::StatusCode::kInvalidArgument));
}

struct BadText {
  const char* name;
  std::string SourceNote::*field;
  std::string text;
  const char* says;
};
class BadSourceNoteTest : public ::testing::TestWithParam<BadText> {};

TEST_P(BadSourceNoteTest, IsRefusedWithItsPlaceAndTheMend) {
  SourceNote note = Named("second");
  note.*GetParam().field = GetParam().text;
  const absl::Status status = CheckSourceNotes({Named("first"), note});
  EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("source 2"), HasSubstr(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, BadSourceNoteTest,
    ::testing::Values(
        BadText{"NoName", &SourceNote::name, "", "no name"},
        BadText{"SameName", &SourceNote::name, "first", "named first, too"},
        BadText{"LongName", &SourceNote::name, std::string(65, 'n'),
                "name is too long; at most 64"},
        BadText{"LongLicence", &SourceNote::licence, std::string(129, 'l'), "licence is too long"},
        BadText{"LongAttribution", &SourceNote::attribution, std::string(257, 'a'), "attribution"},
        BadText{"LongUrl", &SourceNote::url, std::string(257, 'u'), "url is too long"},
        BadText{"NoUtf8", &SourceNote::licence, "CC\xff", "is not UTF-8"},
        BadText{"Escape", &SourceNote::attribution, "a\x1b[2J", "control character"},
        BadText{"NewLine", &SourceNote::url, "a\nb", "control character"},
        BadText{"Delete", &SourceNote::licence, "a\x7f", "control character"},
        BadText{"C1", &SourceNote::licence, "a\xc2\x9b", "control character"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cloister::reputation
