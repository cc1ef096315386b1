#include "reputation/label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "reputation/utf8.h"
#include "tests/support/status_matchers.h"

namespace cloister::reputation {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using ::testing::HasSubstr;

TEST(CheckLabelTest, TakesWhatFits) {
  Label label;
  EXPECT_THAT(CheckLabel(label), IsOk());
  EXPECT_TRUE(label.empty());
  label.threat_name = std::string(kMaxLabelTextBytes, 'x');
  label.product = "Müsli";
  label.categories = {Category::kMalware, Category::kPhishing};
  EXPECT_THAT(CheckLabel(label), IsOk());
  EXPECT_FALSE(label.empty());
}

TEST(CheckLabelTest, NamesTheTextThatDoesNotFit) {
  const struct {
    const char* name;
    std::string Label::*text;
  } kTexts[] = {{"threat name", &Label::threat_name},
                {"product", &Label::product},
                {"vendor", &Label::vendor},
                {"version", &Label::version}};
  for (const auto& [name, text] : kTexts) {
    for (const std::string& bad : {std::string(kMaxLabelTextBytes + 1, 'x'), std::string("\xff")}) {
      Label label;
      label.*text = bad;
      const absl::Status checked = CheckLabel(label);
      EXPECT_THAT(checked, HasCode(absl::StatusCode::kInvalidArgument)) << name;
      EXPECT_THAT(std::string(checked.message()), HasSubstr(name));
    }
  }
}

TEST(CheckLabelTest, WantsCategoriesToRise) {
  Label label;
  label.categories = {Category::kPhishing, Category::kMalware};
  EXPECT_THAT(CheckLabel(label), HasCode(absl::StatusCode::kInvalidArgument));
  label.categories = {Category::kMalware, Category::kMalware};
  EXPECT_THAT(CheckLabel(label), HasCode(absl::StatusCode::kInvalidArgument));
}

// Boundaries of RFC 3629, section 4.
TEST(IsUtf8Test, KnowsWellFormedText) {
  for (const char* text :
       {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << absl::CHexEscape(text);
  }
  for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f",
                           "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x28\xa1"}) {
    EXPECT_FALSE(IsUtf8(text)) << absl::CHexEscape(text);
  }
}

}  // namespace
}  // namespace cloister::reputation
