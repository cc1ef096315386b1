#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sync/trust/canonical_json.h"
#include "tests/support/status_matchers.h"

namespace cloister::trust {
namespace {

using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using reputation::RejectReason;

constexpr uint64_t kMaxBytes = 1 << 20;
constexpr uint32_t kMaxDepth = 8;

struct Vector {
  std::string json;
  std::string canonical;
};

class CanonicalJsonVectors : public ::testing::TestWithParam<Vector> {};

TEST_P(CanonicalJsonVectors, HasTheOneForm) {
  ASSERT_OK_AND_ASSIGN(nlohmann::json value, ParseJson(GetParam().json, kMaxBytes, kMaxDepth));
  ASSERT_OK_AND_ASSIGN(std::string canonical, CanonicalJson(value));
  EXPECT_EQ(canonical, GetParam().canonical);
}

INSTANTIATE_TEST_SUITE_P(
    Values, CanonicalJsonVectors,
    ::testing::Values(Vector{"null", "null"}, Vector{" true ", "true"}, Vector{"false", "false"},
                      Vector{"0", "0"}, Vector{"-0", "0"}, Vector{"-17", "-17"},
                      Vector{"18446744073709551615", "18446744073709551615"},
                      Vector{"-9223372036854775808", "-9223372036854775808"},
                      Vector{"\"\"", "\"\""}, Vector{"[ ]", "[]"}, Vector{"{ }", "{}"},
                      Vector{"[1, 2,\n3]", "[1,2,3]"},
                      // Names are sorted; nested ones, too.
                      Vector{R"({"b": 1, "a": {"d": [], "c": null}})",
                             R"({"a":{"c":null,"d":[]},"b":1})"},
                      Vector{R"({"a": 1, "B": 2, "_": 3, "1": 4})", R"({"1":4,"B":2,"_":3,"a":1})"},
                      Vector{R"({"a": 1, "": 2, "ab": 3})", R"({"":2,"a":1,"ab":3})"},
                      // By code point: U+FF5E comes before U+1F600, which UTF-16 would put first.
                      Vector{"{\"\\ud83d\\ude00\": 1, \"\\uff5e\": 2}",
                             "{\"\xEF\xBD\x9E\":2,\"\xF0\x9F\x98\x80\":1}"}));

INSTANTIATE_TEST_SUITE_P(Strings, CanonicalJsonVectors,
                         ::testing::Values(
                             // Only the quotation mark and the backslash are escaped.
                             Vector{R"("say \"hello\"")", R"("say \"hello\"")"},
                             Vector{R"("a\\b")", R"("a\\b")"}, Vector{R"("a\/b")", R"("a/b")"},
                             Vector{R"("line\nend\ttab")", "\"line\nend\ttab\""},
                             Vector{R"("\u0000\u001f\u007f")", std::string("\"\0\x1f\x7f\"", 5)},
                             Vector{R"("\u00e9")", "\"\xC3\xA9\""},
                             Vector{"\"\xC3\xA9\"", "\"\xC3\xA9\""},
                             Vector{R"({"k\"\\": 1})", R"({"k\"\\":1})"}));

TEST(CanonicalJson, FloatNumbersAreMalformed) {
  for (const char* text :
       {"1.0", "[1.5]", "{\"a\": 1e3}", "{\"a\": -0.0}", "{\"a\": 18446744073709551616}"}) {
    ASSERT_OK_AND_ASSIGN(nlohmann::json value, ParseJson(text, kMaxBytes, kMaxDepth));
    EXPECT_THAT(CanonicalJson(value), IsRejectedFor(RejectReason::kMetadataMalformed)) << text;
  }
}

TEST(CanonicalJson, RefusesStringsThatAreNotUtf8) {
  for (const char* text : {"\xff", "\xC3", "\xED\xA0\x80"}) {
    EXPECT_THAT(CanonicalJson(nlohmann::json{{"a", text}}),
                IsRejectedFor(RejectReason::kMetadataMalformed));
    EXPECT_THAT(CanonicalJson(nlohmann::json{{text, "a"}}),
                IsRejectedFor(RejectReason::kMetadataMalformed));
  }
  // The replacement character itself is text like any other.
  EXPECT_THAT(CanonicalJson("\xEF\xBF\xBD"), IsOk());
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "{",
                                          "{]",
                                          "[1,]",
                                          "{\"a\":1,}",
                                          "{\"a\" 1}",
                                          "nul",
                                          "01",
                                          "+1",
                                          "1 2",
                                          "{} {}",
                                          "'a'",
                                          "{a:1}",
                                          "\"\n\"",
                                          "\"\\x\"",
                                          "\"\\ud800\"",
                                          "\"\xff\"",
                                          "// a\n1",
                                          "NaN",
                                          "1e999",
                                          std::string("1\0", 2),
                                          std::string("{}\0{", 4)};
  for (const std::string& text : texts) {
    EXPECT_THAT(ParseJson(text, kMaxBytes, kMaxDepth),
                IsRejectedFor(RejectReason::kMetadataMalformed))
        << text;
  }
}

TEST(ParseJson, RefusesDuplicateNames) {
  for (const char* text : {R"({"a":1,"a":1})", R"([{"b":{"a":1,"\u0061":2}}])"}) {
    EXPECT_THAT(ParseJson(text, kMaxBytes, kMaxDepth),
                IsRejectedFor(RejectReason::kMetadataMalformed));
  }
  EXPECT_THAT(ParseJson(R"([{"a":{"a":1}},{"a":[{"a":2}]}])", kMaxBytes, kMaxDepth), IsOk());
}

std::string Nested(size_t depth, absl::string_view open, absl::string_view close) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text.append(open.data(), open.size());
  text += "1";
  for (size_t i = 0; i < depth; ++i) text.append(close.data(), close.size());
  return text;
}

TEST(ParseJson, RefusesDeepJson) {
  EXPECT_THAT(ParseJson(Nested(kMaxDepth, "[", "]"), kMaxBytes, kMaxDepth), IsOk());
  EXPECT_THAT(ParseJson(Nested(kMaxDepth, "{\"a\":", "}"), kMaxBytes, kMaxDepth), IsOk());
  for (size_t depth : {size_t{kMaxDepth} + 1, size_t{100'000}}) {
    EXPECT_THAT(ParseJson(Nested(depth, "[", "]"), kMaxBytes, kMaxDepth),
                IsRejectedFor(RejectReason::kMetadataMalformed));
    EXPECT_THAT(ParseJson(Nested(depth, "{\"a\":", "}"), kMaxBytes, kMaxDepth),
                IsRejectedFor(RejectReason::kMetadataMalformed));
  }
}

TEST(ParseJson, RefusesCountlessValues) {
  std::string text = "[{}";
  for (uint64_t i = 2; i < kMaxJsonValues; ++i) text += ",{}";
  EXPECT_THAT(ParseJson(text + "]", 16 << 20, 4), IsOk());
  EXPECT_THAT(ParseJson(text + ",{}]", 16 << 20, 4),
              IsRejectedFor(RejectReason::kMetadataMalformed));
}

TEST(ParseJson, RefusesHugeJson) {
  EXPECT_THAT(ParseJson("[1,2]", 5, kMaxDepth), IsOk());
  EXPECT_THAT(ParseJson("[1,2]", 4, kMaxDepth), IsRejectedFor(RejectReason::kMetadataTooLarge));
}

}  // namespace
}  // namespace cloister::trust
