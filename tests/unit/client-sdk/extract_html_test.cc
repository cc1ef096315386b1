// URLs in HTML.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client-sdk/extract/html_tree.h"
#include "cloister/extract_urls.h"

namespace cloister {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::Not;

std::vector<std::string> Urls(std::string_view body) {
  std::vector<std::string> urls;
  for (const FoundUrl& found : ExtractUrlsFromHtml(body).urls) urls.push_back(found.url);
  return urls;
}

struct HtmlCase {
  const char* what;
  std::string_view body;
  std::vector<std::string> urls;
};

class ExtractHtmlTest : public ::testing::TestWithParam<HtmlCase> {};

TEST_P(ExtractHtmlTest, Finds) {
  EXPECT_THAT(Urls(GetParam().body), ElementsAreArray(GetParam().urls)) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Attributes, ExtractHtmlTest,
    ::testing::Values(
        HtmlCase{"a link and its text",
                 "<a href='http://a.example/'>http://b.example/</a>",
                 {"http://a.example/", "http://b.example/"}},
        HtmlCase{"without quotes", "<a href=http://a.example/x>x</a>", {"http://a.example/x"}},
        HtmlCase{"character references",
                 "<a href=\"http&#58;//a&period;example/?x=1&amp;y\">x</a>",
                 {"http://a.example/?x=1&y"}},
        HtmlCase{"blanks within", "<a href=' ht\ntp://a.ex\tample/ '>x</a>", {"http://a.example/"}},
        HtmlCase{"a slash before the attribute",
                 "<a/href=http://a.example/>x</a>",
                 {"http://a.example/"}},
        HtmlCase{"upper case, never closed", "<A HREF=\"http://a.example/\"", {}},
        HtmlCase{"what is loaded",
                 "<img src=//a.example/i.png><form action=https://b.example/f></form>"
                 "<body background=http://c.example/b.gif>",
                 {"http://c.example/b.gif", "http://a.example/i.png", "https://b.example/f"}},
        HtmlCase{"srcset",
                 "<img srcset='http://a.example/1.png 1x, http://a.example/2.png 2x'>",
                 {"http://a.example/1.png", "http://a.example/2.png"}},
        HtmlCase{"style",
                 "<p style=\"background:url('http://a.example/x.png')\">x",
                 {"http://a.example/x.png"}},
        HtmlCase{"a sheet",
                 "<style>@import 'http://a.example/a.css';</style>",
                 {"http://a.example/a.css"}},
        HtmlCase{"refresh",
                 "<meta http-equiv=refresh content=\"0; URL='http://a.example/'\">",
                 {"http://a.example/"}},
        HtmlCase{"SVG",
                 "<svg><a xlink:href='http://a.example/'><text>x</text></a></svg>",
                 {"http://a.example/"}},
        HtmlCase{"template",
                 "<template><a href=http://a.example/>x</a></template>",
                 {"http://a.example/"}},
        HtmlCase{"one slash, as browsers take it",
                 "<a href='http:/a.example/'>x</a>",
                 {"http:/a.example/"}},
        HtmlCase{"not on the web",
                 "<a href='mailto:a@a.example'>x</a><img src='cid:1'>"
                 "<img src='data:image/png;base64,AA=='><a href='#x'>y</a><a href='x.html'>z</a>",
                 {}}));

INSTANTIATE_TEST_SUITE_P(
    Base, ExtractHtmlTest,
    ::testing::Values(HtmlCase{"relative to a base",
                               "<base href='https://a.example/d/i.html'><a href='x'>1</a>"
                               "<a href='/y'>2</a><a href='?z'>3</a><a href='//b.example/'>4</a>",
                               {"https://a.example/d/i.html", "https://a.example/d/x",
                                "https://a.example/y", "https://a.example/d/i.html?z",
                                "https://b.example/"}},
                      HtmlCase{"a base that is none", "<base href='x'><a href='y'>1</a>", {}}));

INSTANTIATE_TEST_SUITE_P(
    Text, ExtractHtmlTest,
    ::testing::Values(
        HtmlCase{"written out", "<p>see http://a.example/x.</p>", {"http://a.example/x"}},
        HtmlCase{
            "through elements of a line", "http://a.ex<b>am</b>ple/<wbr>x", {"http://a.example/x"}},
        HtmlCase{"not through others", "<p>http://a.example/</p><p>x</p>", {"http://a.example/"}},
        HtmlCase{"not through a break", "http://a.example/<br>x", {"http://a.example/"}},
        HtmlCase{"character references", "http&colon;//a.example/&#x78;", {"http://a.example/x"}},
        HtmlCase{
            "script", "<script>location='http://a.example/x'</script>", {"http://a.example/x"}},
        HtmlCase{"comment", "<!-- http://a.example/ -->", {}},
        HtmlCase{"conditional comment",
                 "<!--[if mso]><a href=\"http://a.example/\"><![endif]-->",
                 {"http://a.example/"}}));

TEST(ExtractHtmlTest, StatesItsOwnCharset) {
  const std::string body = "<meta charset=iso-8859-1><a href='http://a.example/\xE4'>x</a>";
  EXPECT_THAT(Urls(body), Contains("http://a.example/ä"));
  ExtractOptions options;
  options.charset = "windows-1252";
  EXPECT_EQ(ExtractUrlsFromHtml("<a href='http://a.example/\x80'>x</a>", options).urls[0].url,
            "http://a.example/€");
}

TEST(ExtractHtmlTest, SaysWhereTheElementBegins) {
  const ExtractedUrls found = ExtractUrlsFromHtml("<p>x <a href='http://a.example/'>y</a>");
  ASSERT_EQ(found.urls.size(), 1u);
  EXPECT_EQ(found.urls[0], (FoundUrl{"http://a.example/", UrlOrigin::kAttribute, 5}));
}

// Deep trees overflow the stack of who frees or walks them by recursion; none of these may crash.
TEST(ExtractHtmlTest, SurvivesDeepTrees) {
  for (const std::string_view piece :
       {"<i>", "<div>", "<table><td>", "<b><p>", "<svg>", "<a x=1>"}) {
    std::string body;
    while (body.size() < 300'000) body += piece;
    body += "<a href='http://a.example/'>x</a>";
    ExtractOptions options;
    options.max_html_cpu = std::chrono::milliseconds(200);
    const ExtractedUrls found = ExtractUrlsFromHtml(body, options);
    if (found.truncated) continue;  // it cost too much: the source was searched instead
    ASSERT_FALSE(found.urls.empty()) << piece;
    EXPECT_EQ(found.urls.back().url, "http://a.example/") << piece;
  }
}

TEST(ExtractHtmlTest, SearchesTheSourceWhereParsingCostsTooMuch) {
  std::string body;
  while (body.size() < 3'000'000) body += "<div><object></div></object>";
  body += "<a href=\"http://a.example/\">x</a>";
  ExtractOptions options;
  options.max_html_cpu = std::chrono::milliseconds(20);
  const ExtractedUrls found = ExtractUrlsFromHtml(body, options);
  EXPECT_TRUE(found.truncated);
  ASSERT_EQ(found.urls.size(), 1u);
  EXPECT_EQ(found.urls[0].url, "http://a.example/");
}

TEST(HtmlTreeTest, GivesUpBeyondItsMemory) {
  std::string body;
  while (body.size() < 1'000'000) body += "<i>";
  EXPECT_EQ(extract::HtmlTree::Parse(body, {.max_tree_bytes = size_t{1} << 20}), nullptr);
  EXPECT_NE(extract::HtmlTree::Parse("<p>x", {}), nullptr);
}

}  // namespace
}  // namespace cloister
