#include "server/toml/toml_table.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::config {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TomlTable Parsed(absl::string_view text) {
  auto table = TomlTable::Parse(text, "/etc/example.toml");
  EXPECT_THAT(table, IsOk());
  return *std::move(table);
}

TEST(TomlTableTest, ReadsEveryType) {
  const TomlTable root = Parsed(R"(
name = "value"
path = "sub/../file"
flag = true
count = 42
share = 0.25
whole = 1
list = ["a", "b"]
[inner]
level = "debug"
[[item]]
name = "first"
[[item]]
name = "second"
)");
  EXPECT_EQ(root.Text("name"), "value");
  EXPECT_EQ(root.RequiredText("name"), "value");
  EXPECT_EQ(root.Path("path"), "/etc/file");
  EXPECT_TRUE(root.Flag("flag", false));
  EXPECT_EQ(root.Integer("count", {1, 100}, 7), 42);
  EXPECT_EQ(root.Number("share", {0, 1}, 0.5), 0.25);
  EXPECT_EQ(root.Number("whole", {0, 1}, 0.5), 1);
  EXPECT_THAT(root.Texts("list"), ElementsAre("a", "b"));
  EXPECT_THAT(root.Paths("list"), ElementsAre("/etc/a", "/etc/b"));
  EXPECT_EQ(root.Table("inner").Choice("level", {"debug", "info"}, "info"), "debug");
  const auto items = root.Tables("item");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].Text("name"), "first");
  EXPECT_EQ(items[1].Text("name"), "second");
  EXPECT_THAT(root.Finish(), IsOk());
}

TEST(TomlTableTest, AbsentNamesGiveTheDefault) {
  const TomlTable root = Parsed("");
  EXPECT_FALSE(root.Has("name"));
  EXPECT_EQ(root.Text("name", "other"), "other");
  EXPECT_EQ(root.Path("path"), "");
  EXPECT_EQ(root.Integer("count", {1, 100}, 7), 7);
  EXPECT_EQ(root.Table("inner").Choice("level", {"debug", "info"}, "info"), "info");
  EXPECT_THAT(root.Tables("item"), IsEmpty());
  EXPECT_THAT(root.Texts("list"), IsEmpty());
  EXPECT_THAT(root.Finish(), IsOk());
}

struct MistakeCase {
  const char* name;
  const char* text;
  const char* message;
};

class TomlMistakeTest : public ::testing::TestWithParam<MistakeCase> {};

TEST_P(TomlMistakeTest, IsToldWithFileLineAndMend) {
  const TomlTable root = Parsed(GetParam().text);
  root.Text("text");
  root.RequiredText("required");
  root.Choice("choice", {"one", "two"}, "one");
  root.Flag("flag", false);
  root.Integer("count", {1, 100}, 7);
  root.Number("share", {0, 1}, 0.5);
  root.Texts("list");
  root.Table("inner").Text("a");
  for (const TomlTable& item : root.Tables("item")) item.Text("a");
  const absl::Status status = root.Finish();
  EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(status.message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, TomlMistakeTest,
    ::testing::Values(
        MistakeCase{"Missing", "\ntext = 'x'",
                    "/etc/example.toml:1: required: is missing; give it in the file"},
        MistakeCase{"Empty", "\nrequired = ''", "/etc/example.toml:2: required: must not be empty"},
        MistakeCase{"WrongType", "required = 'x'\ntext = 1",
                    "/etc/example.toml:2: text: must be a text in quotes"},
        MistakeCase{"RequiredWrongType", "required = 7",
                    "/etc/example.toml:1: required: must be a text in quotes"},
        MistakeCase{"BadChoice", "required = 'x'\nchoice = 'three'",
                    "/etc/example.toml:2: choice: \"three\" is not one of \"one\", \"two\""},
        MistakeCase{"BadFlag", "required = 'x'\nflag = 'yes'",
                    "/etc/example.toml:2: flag: must be true or false"},
        MistakeCase{"BadInteger", "required = 'x'\ncount = '5'",
                    "/etc/example.toml:2: count: must be a whole number without quotes"},
        MistakeCase{"FractionForInteger", "required = 'x'\ncount = 5.5",
                    "/etc/example.toml:2: count: must be a whole number without quotes"},
        MistakeCase{"OutOfRange", "required = 'x'\n\ncount = 101",
                    "/etc/example.toml:3: count: 101 is out of range; it must be from 1 to 100"},
        MistakeCase{"NumberOutOfRange", "required = 'x'\nshare = 1.5",
                    "/etc/example.toml:2: share: 1.5 is out of range; it must be from 0 to 1"},
        MistakeCase{"NumberNotANumber", "required = 'x'\nshare = nan",
                    "/etc/example.toml:2: share: nan is out of range; it must be from 0 to 1"},
        MistakeCase{"BadList", "required = 'x'\nlist = ['a', 1]",
                    "/etc/example.toml:2: list: must be an array of texts, such as "
                    "[\"one\", \"two\"]"},
        MistakeCase{"NotATable", "required = 'x'\ninner = 1",
                    "/etc/example.toml:2: inner: must be a table [inner]"},
        MistakeCase{"NotTables", "required = 'x'\n[item]\na = 'x'",
                    "/etc/example.toml:2: item: must be tables, each beginning with [[item]]"},
        MistakeCase{"UnknownName", "required = 'x'\n[inner]\na = 'x'\nb = 1",
                    "/etc/example.toml:4: unknown name \"b\" in [inner]; known names are a"},
        MistakeCase{"AllAtOnceByLine", "required = 'x'\n[[item]]\nc = 1\n[inner]\na = 1",
                    "/etc/example.toml:3: unknown name \"c\" in [[item]]; known names are a\n"
                    "/etc/example.toml:5: a: must be a text in quotes"}),
    [](const auto& info) { return info.param.name; });

TEST(TomlTableTest, CallersAddTheirOwnMistakes) {
  const TomlTable root = Parsed("a = 'x'\nb = 'y'");
  root.Text("a");
  root.Text("b");
  root.Mistake("b", "names no such thing; try z");
  EXPECT_EQ(root.Finish().message(), "/etc/example.toml:2: b: names no such thing; try z");
  EXPECT_EQ(root.Where("b"), "/etc/example.toml:2");
}

TEST(TomlTableTest, SyntaxErrorsNameTheirPlace) {
  const auto table = TomlTable::Parse("a = 1\nb = = 2", "x.toml");
  EXPECT_THAT(table, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(table.status().message()), StartsWith("x.toml:2:"));
}

TEST(TomlTableTest, BoundsTheFile) {
  EXPECT_THAT(TomlTable::Parse(std::string((1 << 20) + 1, '#'), "x.toml"),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(TomlTableTest, RefusesDeepNestingWithoutCrashing) {
  EXPECT_THAT(TomlTable::Parse("a = " + std::string(100'000, '['), "x.toml"),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(TomlTableTest, NamesAMissingFile) {
  testing::TemporaryDirectory directory;
  const auto table = TomlTable::ReadFile(directory / "none.toml");
  EXPECT_THAT(table, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(table.status().message()), HasSubstr("none.toml"));
  EXPECT_THAT(TomlTable::ReadFile(directory.path()), ::testing::Not(IsOk()));
  std::ofstream(directory / "some.toml") << "a = 1";
  EXPECT_THAT(TomlTable::ReadFile(directory / "some.toml"), IsOk());
}

}  // namespace
}  // namespace cloister::config
