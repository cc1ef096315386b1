#include "reputation/protection/protected_set.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/protection/common_objects.h"
#include "reputation/protection/public_suffixes.h"
#include "reputation/protection/warning_list.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

LookupKey HostKey(absl::string_view name) { return LookupKey::ForHost(name); }
LookupKey NetworkKey(absl::string_view text) {
  return LookupKey::ForIpPrefix(*IpPrefix::Parse(text));
}

struct BadList {
  const char* name;
  const char* text;
  const char* says;
};
class BadWarningListTest : public ::testing::TestWithParam<BadList> {};

TEST_P(BadWarningListTest, IsRefusedByNameWithTheMend) {
  ProtectedSet set;
  uint64_t passed_over = 0;
  const absl::Status status = AddWarningList(GetParam().text, "/a/list.json", &set, &passed_over);
  EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("/a/list.json"), HasSubstr(GetParam().says),
                    HasSubstr("take it off the list")));
}

INSTANTIATE_TEST_SUITE_P(
    Lists, BadWarningListTest,
    ::testing::Values(BadList{"Empty", "", "JSON"}, BadList{"Array", "[]", "JSON object"},
                      BadList{"NoType", R"({"list": []})", "type"},
                      BadList{"TypeIsNoText", R"({"type": 1, "list": []})", "type"},
                      BadList{"NoList", R"({"type": "cidr"})", "list"},
                      BadList{"ListIsNoArray", R"({"type": "cidr", "list": {}})", "list"}),
    [](const auto& param) { return param.param.name; });

TEST(ProtectedSetTest, NestedNetworksAreFound) {
  ProtectedSet set;
  set.BeginSource("list ");
  for (const char* text : {"20.1.0.0/16", "20.1.2.0/24", "20.0.0.0/8", "30.0.0.1", "30.0.0.3",
                           "255.255.255.255", "0.0.0.0"}) {
    ASSERT_THAT(set.AddNetwork(*IpPrefix::Parse(text)), IsOk());
  }
  set.Sort();
  EXPECT_EQ(set.size(), 5u);
  EXPECT_THAT(set.Protects(NetworkKey("20.1.2.3"), Scope::kExact),
              Optional(std::string("list 20.0.0.0/8")));
  EXPECT_EQ(set.Protects(NetworkKey("30.0.0.2"), Scope::kExact), std::nullopt);
  EXPECT_THAT(set.Protects(NetworkKey("30.0.0.2/31"), Scope::kExact),
              Optional(std::string("list 30.0.0.3")));
  EXPECT_THAT(set.Protects(NetworkKey("255.255.255.255"), Scope::kExact),
              Optional(HasSubstr("255")));
  EXPECT_THAT(set.Protects(NetworkKey("0.0.0.0"), Scope::kExact),
              Optional(std::string("list 0.0.0.0")));
}

TEST(ProtectedSetTest, SaysWhichSourceNamedAnObjectFirst) {
  ProtectedSet set;
  const size_t first = set.BeginSource("first ");
  ASSERT_THAT(set.AddHost("a.example", /*and_below=*/false), IsOk());
  const size_t second = set.BeginSource("second ");
  ASSERT_THAT(set.AddHost("a.example", /*and_below=*/true), IsOk());
  ASSERT_THAT(set.AddHost("b.example", /*and_below=*/false), IsOk());
  ASSERT_THAT(AddSpecialNetworks(&set), IsOk());
  set.Sort();
  const auto source = [&set](const LookupKey& key) {
    const auto found = set.Find(key, Scope::kSubtree);
    return found ? found->source : size_t{99};
  };
  EXPECT_EQ(source(HostKey("a.example")), first);
  EXPECT_EQ(source(LookupKey::ForUrlExpression("a.example/", false)), first);
  EXPECT_EQ(source(HostKey("b.example")), second);
  EXPECT_EQ(source(NetworkKey("10.1.0.0/16")), second);
  EXPECT_EQ(source(HostKey("c.example")), 99u);
  EXPECT_EQ(source(NetworkKey("11.1.0.0/16")), 99u);
}

TEST(ProtectedSetTest, ManyNamesAreFoundAndNoOthers) {
  constexpr int kNames = 20'000;
  ProtectedSet set;
  set.BeginSource("list ");
  for (int i = 0; i < kNames; ++i) {
    ASSERT_THAT(set.AddHost(absl::StrCat("n", i, ".example"), /*and_below=*/false), IsOk());
  }
  set.Sort();
  EXPECT_EQ(set.size(), size_t{kNames});
  for (int i = 0; i < kNames; ++i) {
    const std::string name = absl::StrCat("n", i, ".example");
    ASSERT_THAT(set.Protects(HostKey(name), Scope::kExact), Optional("list " + name));
    ASSERT_EQ(set.Protects(HostKey("x" + name), Scope::kExact), std::nullopt) << name;
  }
}

TEST(AddPublicSuffixesTest, NamesTheFileThatIsMissingAndThePackage) {
  const testing::TemporaryDirectory directory;
  ProtectedSet set;
  set.BeginSource("public suffix ");
  EXPECT_THAT(AddPublicSuffixes(directory / "none.dat", &set).message(),
              AllOf(HasSubstr("none.dat"), HasSubstr("package publicsuffix")));
}

}  // namespace
}  // namespace cloister::reputation
