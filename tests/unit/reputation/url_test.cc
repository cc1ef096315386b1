#include "reputation/url.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;

TEST(UrlTest, CanonicalVectors) {
  for (const VectorRow& row : ReadVectors("url_canonical.txt", 2)) {
    SCOPED_TRACE(row.place);
    absl::StatusOr<CanonicalUrl> url = CanonicalizeUrl(row.fields[0]);
    if (row.fields[1] == "!") {
      EXPECT_THAT(url, HasCode(absl::StatusCode::kInvalidArgument));
      continue;
    }
    ASSERT_THAT(url, IsOk());
    EXPECT_EQ(url->ToString(), row.fields[1]);
    ASSERT_OK_AND_ASSIGN(CanonicalUrl again, CanonicalizeUrl(url->ToString()));
    EXPECT_EQ(again, *url);
  }
}

TEST(UrlTest, ExpressionVectors) {
  for (const VectorRow& row : ReadVectors("url_expressions.txt", 2)) {
    SCOPED_TRACE(row.place);
    ASSERT_OK_AND_ASSIGN(CanonicalUrl url, CanonicalizeUrl(row.fields[0]));
    std::vector<std::string> expressions;
    for (const UrlExpression& expression : UrlExpressions(url)) {
      std::string marks =
          absl::StrCat(expression.exact ? "e" : "", expression.with_port ? "p" : "");
      expressions.push_back(absl::StrCat(marks.empty() ? "-" : marks, ":", expression.text));
    }
    EXPECT_EQ(expressions, std::vector(row.fields.begin() + 1, row.fields.end()));
  }
}

TEST(UrlTest, AtMostSixtyExpressionsAllDifferent) {
  ASSERT_OK_AND_ASSIGN(CanonicalUrl url,
                       CanonicalizeUrl("http://a.b.c.d.e.f.g.h:81/1/2/3/4/5/6.html?q"));
  std::vector<UrlExpression> expressions = UrlExpressions(url);
  EXPECT_EQ(expressions.size(), 60u);
  std::set<std::string> texts;
  for (const UrlExpression& expression : expressions) texts.insert(expression.text);
  EXPECT_EQ(texts.size(), 60u);
  url.port = 0;
  EXPECT_EQ(UrlExpressions(url).size(), 30u);
}

TEST(UrlTest, Parts) {
  ASSERT_OK_AND_ASSIGN(CanonicalUrl url, CanonicalizeUrl("http://[2001:db8::1]:81/a?"));
  EXPECT_EQ(url.host, "2001:db8::1");
  ASSERT_TRUE(url.ip.has_value());
  EXPECT_EQ(url.ip->ToString(), "2001:db8::1");
  EXPECT_EQ(url.port, 81);
  EXPECT_EQ(url.path, "/a");
  EXPECT_EQ(url.query, "");
  ASSERT_OK_AND_ASSIGN(url, CanonicalizeUrl("http://example.com/a"));
  EXPECT_FALSE(url.ip.has_value());
  EXPECT_EQ(url.port, 0);
  EXPECT_EQ(url.query, std::nullopt);
}

TEST(UrlTest, LongUrls) {
  std::string url = "http://example.com/";
  url.append(kMaxUrlBytes - url.size(), 'a');
  EXPECT_THAT(CanonicalizeUrl(url), IsOk());
  EXPECT_THAT(CanonicalizeUrl(url + "a"), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CanonicalizeUrl("http://" + std::string(100000, 'a') + "/"),
              HasCode(absl::StatusCode::kInvalidArgument));
}

// Each would take hours if undoing one escape, or one "..", cost a pass over the text.
TEST(UrlTest, HostileUrlsTakeLinearTime) {
  const size_t kLength = 100000;
  std::string nested = "http://example.com/%";
  while (nested.size() < kLength) nested += "25";
  ASSERT_OK_AND_ASSIGN(CanonicalUrl url, CanonicalizeUrl(nested + "41"));
  EXPECT_EQ(url.path, "/A");

  for (const char* piece : {"/", "/.", "/..", "/a/..", "%2f", "%2e%2e/", "%", "\\", "?", "@", ":",
                            ".", "\xff", "%ff", "%e3%80%82", "\xe3\x80\x82"}) {
    std::string text;
    while (text.size() < kLength) text += piece;
    for (const std::string& whole : {"http://example.com/" + text, "http://" + text, text}) {
      absl::StatusOr<CanonicalUrl> canonical = CanonicalizeUrl(whole);
      if (canonical.ok()) {
        EXPECT_LE(UrlExpressions(*canonical).size(), 60u) << piece;
      }
    }
  }
}

TEST(UrlTest, RefusalNamesTheUrlAndTheReason) {
  absl::Status status = CanonicalizeUrl("http://exa mple.com/").status();
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("http://exa mple.com/"));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("' ' cannot stand in it"));
}

}  // namespace
}  // namespace cloister::reputation
