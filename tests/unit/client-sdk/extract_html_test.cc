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

INSTANTIATE_TEST_SUITE_P(
    Evasions, ExtractHtmlTest,
    ::testing::Values(
        HtmlCase{"a control before the link",
                 "<a href='\x01http://a.example/'>x</a>",
                 {"http://a.example/"}},
        HtmlCase{
            "srcdoc",
            "<iframe srcdoc='<a href=&quot;//a.example/&quot;>x</a><img src=https:b.example>'>",
            {"http://a.example/", "https:b.example"}},
        HtmlCase{"conditional comment, without a scheme",
                 "<!--[if gte mso 9]><v:fill src='&#47;/a.example/f.png'/><![endif]-->",
                 {"http://a.example/f.png"}},
        HtmlCase{"within srcdoc within a conditional comment",
                 "<!--[if mso]><iframe srcdoc='&lt;a href=//a.example&gt;'><![endif]-->",
                 {"http://a.example"}},
        HtmlCase{"a document in a link",
                 "<iframe src='data:text/html,%3Ca href=//a.example/%3E'>",
                 {"http://a.example/"}},
        HtmlCase{"a document in base64",
                 "<a href='data:text/html;base64,PGEgaHJlZj0vL2EuZXhhbXBsZS8+'>",
                 {"http://a.example/"}},
        HtmlCase{"mail that holds a link",
                 "<a href='mailto:a@b.example?body=see%20https%3A%2F%2Fa.example%2Fx%20now'>",
                 {"https://a.example/x"}},
        HtmlCase{
            "other schemes around it",
            "<a href='view-source:https://a.example/'><a href='ms-word:ofe|u|https://b.example'>"
            "<a href=\"javascript:location='http://c.example/'\">",
            {"https://a.example/", "https://b.example", "http://c.example/"}},
        HtmlCase{"refresh without a name",
                 "<meta http-equiv=refresh content='0;//a.example/'>",
                 {"http://a.example/"}},
        HtmlCase{"refresh after a comma",
                 "<meta http-equiv=refresh content=' 0.5, a.example'>"
                 "<base href=//b.example>",
                 {"http://b.example/a.example", "http://b.example"}},
        HtmlCase{"escapes of style",
                 "<p style='background:u\\72l(ht\\74 p://a.example/)'>",
                 {"http://a.example/"}},
        HtmlCase{"comments of style",
                 "<style>@import/**/'//a.example/a.css';</style>",
                 {"http://a.example/a.css"}},
        HtmlCase{"a base without a scheme, and with backslashes",
                 "<base href='\\\\a.example\\d/'><a href='x'>1</a>",
                 {"http:\\\\a.example\\d/", "http://a.example\\d/x"}},
        HtmlCase{"a base after the link",
                 "<a href='x'>1</a><base href='https:/a.example/d/'>",
                 {"https://a.example/d/x", "https:/a.example/d/"}},
        HtmlCase{
            "lists, animations and parameters",
            "<a ping='http://a.example/1 http://a.example/2'><svg><set to='http://b.example/'/>"
            "</svg><object><param value='http://c.example/'></object>",
            {"http://a.example/1", "http://a.example/2", "http://b.example/",
             "http://c.example/"}}));

// A charset in which "<a" is something else hides all of a body that readers of mail take for
// ASCII.
TEST(ExtractHtmlTest, HidesNothingInCharsetsThatNoReaderKnows) {
  for (const std::string charset : {"ibm037", "utf-7", "utf-16", "utf-32", "hz-gb-2312"}) {
    EXPECT_THAT(Urls("<meta charset=" + charset + "><a href='http://a.example/+x'>x</a>"),
                Contains("http://a.example/+x"))
        << charset;
    ExtractOptions options;
    options.charset = charset;
    std::vector<std::string> urls;
    for (const auto& found : ExtractUrlsFromHtml("<a href='http://a.example/+x'>", options).urls) {
      urls.push_back(found.url);
    }
    EXPECT_THAT(urls, Contains("http://a.example/+x")) << charset;
  }
}

TEST(ExtractHtmlTest, ByteOrderMarkStandsAboveWhatIsStated) {
  ExtractOptions options;
  options.charset = "utf-8";
  std::string body = "\xFF\xFE";
  for (const char c : std::string_view("<a href=http://a.example/>")) body += {c, '\0'};
  const ExtractedUrls found = ExtractUrlsFromHtml(body, options);
  ASSERT_EQ(found.urls.size(), 1u);
  EXPECT_EQ(found.urls[0].url, "http://a.example/");
}

// A quarter of a megabyte of mail may not become a gigabyte of URLs, or of copying.
TEST(ExtractHtmlTest, BoundsWhatLinksBelowALongBaseCome) {
  std::string body = "<base href='http://a.example/" + std::string(100'000, 'x') + "/'>";
  for (int i = 0; i < 9'000; ++i) body += "<a href=" + std::to_string(i) + ">";
  const ExtractedUrls found = ExtractUrlsFromHtml(body);
  EXPECT_TRUE(found.truncated);
  size_t bytes = 0;
  for (const FoundUrl& one : found.urls) bytes += one.url.size();
  EXPECT_LE(bytes, size_t{64} << 20);
  EXPECT_GT(found.urls.size(), 100u);
}

TEST(ExtractHtmlTest, LeavesDocumentsWithinDocumentsAtSomeDepth) {
  std::string body = "<a href=http://a.example/>";
  for (int depth = 0; depth < 8; ++depth) {
    std::string escaped;
    for (const char c : body)
      escaped += c == '&' ? "&amp;" : c == '\'' ? "&#39;" : std::string(1, c);
    body = "<iframe srcdoc='" + escaped + "'>";
  }
  const ExtractedUrls found = ExtractUrlsFromHtml(body);
  EXPECT_TRUE(found.truncated);
  ASSERT_EQ(found.urls.size(), 1u);  // searched like text
  EXPECT_THAT(found.urls[0].url, ::testing::StartsWith("http://a.example/"));
}

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
  extract::HtmlLimits narrow{.max_tree_bytes = size_t{1} << 20};
  EXPECT_EQ(extract::HtmlTree::Parse(body, &narrow), nullptr);
  extract::HtmlLimits wide;
  EXPECT_NE(extract::HtmlTree::Parse("<p>x", &wide), nullptr);
}

}  // namespace
}  // namespace cloister
