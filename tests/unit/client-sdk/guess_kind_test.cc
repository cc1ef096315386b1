#include "client-sdk/cli/guess_kind.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::cli {
namespace {

using ::testing::HasSubstr;

std::string Expand(const std::string& text) {
  return absl::StrReplaceAll(text, {{"{64}", std::string(64, 'a')},
                                    {"{40}", std::string(40, 'a')},
                                    {"{32}", std::string(32, 'a')}});
}

TEST(GuessKindTest, AgreesWithTheVectors) {
  for (const auto& row : cloister::testing::ReadVectors("guess_kind.txt", 3)) {
    const auto guess = GuessKind(Expand(row.fields[0]), /*names_a_file=*/false);
    if (row.fields[1] == "error") {
      EXPECT_THAT(guess, cloister::testing::HasCode(absl::StatusCode::kInvalidArgument))
          << row.place;
      EXPECT_THAT(std::string(guess.status().message()), HasSubstr(row.fields[2])) << row.place;
      continue;
    }
    ASSERT_TRUE(guess.ok()) << row.place << ": " << guess.status();
    EXPECT_EQ(Name(guess->kind), row.fields[1]) << row.place;
    EXPECT_EQ(guess->text, Expand(row.fields[2])) << row.place;
    EXPECT_FALSE(guess->is_path) << row.place;
  }
}

TEST(GuessKindTest, AnExistingFileIsTakenAsItIs) {
  ASSERT_OK_AND_ASSIGN(const Guess guess, GuessKind(" www.example[.]com", /*names_a_file=*/true));
  EXPECT_TRUE(guess.is_path);
  EXPECT_EQ(guess.kind, ObjectKind::kFile);
  EXPECT_EQ(guess.text, " www.example[.]com");
}

}  // namespace
}  // namespace cloister::cli
