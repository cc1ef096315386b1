// URLs in plain text.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cloister/extract_urls.h"

namespace cloister {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

std::vector<std::string> Urls(std::string_view body) {
  std::vector<std::string> urls;
  for (const FoundUrl& found : ExtractUrlsFromText(body).urls) urls.push_back(found.url);
  return urls;
}

struct TextCase {
  const char* what;
  std::string_view body;
  std::vector<std::string> urls;
};

class ExtractTextTest : public ::testing::TestWithParam<TextCase> {};

TEST_P(ExtractTextTest, Finds) {
  EXPECT_THAT(Urls(GetParam().body), ElementsAreArray(GetParam().urls)) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    WithScheme, ExtractTextTest,
    ::testing::Values(
        TextCase{"in a sentence", "See http://a.example/x, please.", {"http://a.example/x"}},
        TextCase{"at the very end", "go to https://a.example", {"https://a.example"}},
        TextCase{"any case", "HTTPS://A.example/X", {"HTTPS://A.example/X"}},
        TextCase{"behind a letter", "xhttp://a.example/", {"http://a.example/"}},
        TextCase{"one behind the other",
                 "http://a.example/ http://b.example/",
                 {"http://a.example/", "http://b.example/"}},
        TextCase{"once each", "http://a.example/ http://a.example/", {"http://a.example/"}},
        TextCase{"ftp", "ftp://a.example/f.exe", {"ftp://a.example/f.exe"}},
        TextCase{"backslashes", "http:\\\\a.example\\x", {"http:\\\\a.example\\x"}},
        TextCase{"user and port", "http://u:p@a.example:81/", {"http://u:p@a.example:81/"}},
        TextCase{"an address", "http://192.0.2.1/x", {"http://192.0.2.1/x"}},
        TextCase{"IPv6", "(http://[2001:db8::1]/x)", {"http://[2001:db8::1]/x"}},
        TextCase{"any script", "http://пример.example/я.", {"http://пример.example/я"}},
        TextCase{"nothing behind it", "http:// and https://", {}},
        TextCase{"other schemes", "mailto:a@a.example javascript://x", {}}));

INSTANTIATE_TEST_SUITE_P(
    Punctuation, ExtractTextTest,
    ::testing::Values(
        TextCase{"brackets around", "(http://a.example/x)", {"http://a.example/x"}},
        TextCase{"brackets within", "http://a.example/x_(y)", {"http://a.example/x_(y)"}},
        TextCase{"both", "(http://a.example/x_(y))", {"http://a.example/x_(y)"}},
        TextCase{"quotes",
                 "\"http://a.example/x\" 'http://b.example/'",
                 {"http://a.example/x", "http://b.example/"}},
        TextCase{"typographic quotes", "„http://a.example/x“", {"http://a.example/x"}},
        TextCase{"many", "http://a.example/x?!...", {"http://a.example/x"}},
        TextCase{"Markdown",
                 "[text](http://a.example/x) **http://b.example/**",
                 {"http://a.example/x", "http://b.example/"}},
        TextCase{"angle brackets", "<http://a.example/x>", {"http://a.example/x"}},
        TextCase{
            "RFC 3986, appendix C", "<URL:http://a.example/a\r\n  bc>", {"http://a.example/abc"}},
        TextCase{"angle brackets of something else",
                 "<http://a.example/ is bad>",
                 {"http://a.example/"}},
        TextCase{"an ideographic full stop's neighbour",
                 "「http://a.example/x」",
                 {"http://a.example/x"}}));

INSTANTIATE_TEST_SUITE_P(
    WithoutScheme, ExtractTextTest,
    ::testing::Values(
        TextCase{"www", "on www.a.example today", {"www.a.example"}},
        TextCase{"www and a path", "www.a.example/x?y=1.", {"www.a.example/x?y=1"}},
        TextCase{"host and path", "log in at bad-bank.com/login now", {"bad-bank.com/login"}},
        TextCase{"port", "bad-bank.com:8080/x", {"bad-bank.com:8080/x"}},
        TextCase{"address and path", "from 192.0.2.7/bins.sh", {"192.0.2.7/bins.sh"}},
        TextCase{"file names", "setup.py and file.zip and README.md", {}},
        TextCase{"host alone", "bad-bank.com is a bank", {}},
        TextCase{"no such top-level domain", "src/main.cc:12 lib/a.b.conf/x and/or 1/2", {}},
        TextCase{"a network", "10.0.0.0/8 or 192.168.0.0/16", {}},
        TextCase{"e-mail address", "mail a@bad-bank.com/x", {}},
        TextCase{"www of nothing", "www. and www.x", {}},
        TextCase{"within a word", "awww.a.example", {}},
        TextCase{"date", "on 23.11.2026/24.11.2026", {}}));

INSTANTIATE_TEST_SUITE_P(
    NotTouched, ExtractTextTest,
    ::testing::Values(TextCase{"defanged", "hxxp://bad[.]example/x and hxxps://bad-bank.com/x", {}},
                      TextCase{
                          "defanged dots", "http://bad[.]example/x", {"http://bad[.]example/x"}}));

INSTANTIATE_TEST_SUITE_P(
    QuotedPrintable, ExtractTextTest,
    ::testing::Values(
        TextCase{"an escape left in",
                 "http://a.example/?x=3D1",
                 {"http://a.example/?x=3D1", "http://a.example/?x=1"}},
        TextCase{"a soft line break",
                 "http://a.example/lo=\r\nng/x end",
                 {"http://a.example/lo=", "http://a.example/long/x"}},
        TextCase{"several, and an escape",
                 "http://a.example/?q=3Da=\nb=\nc.",
                 {"http://a.example/?q=3Da=", "http://a.example/?q=a=", "http://a.example/?q=abc"}},
        TextCase{
            "an ordinary query", "http://a.example/?x=ab&y=12", {"http://a.example/?x=ab&y=12"}}));

TEST(ExtractTextTest, SaysHowAndWhereItWasFound) {
  const ExtractedUrls found = ExtractUrlsFromText("see www.a.example or http://b.example/");
  ASSERT_EQ(found.urls.size(), 2u);
  EXPECT_EQ(found.urls[0], (FoundUrl{"www.a.example", UrlOrigin::kBareText, 4}));
  EXPECT_EQ(found.urls[1], (FoundUrl{"http://b.example/", UrlOrigin::kText, 21}));
  EXPECT_FALSE(found.truncated);
}

TEST(ExtractTextTest, ReadsOtherCharsets) {
  ExtractOptions options;
  options.charset = "utf-16le";
  const std::string_view ascii = "http://a.example/x ";
  std::string body;
  for (const char c : ascii) body += std::string{c, '\0'};
  ASSERT_EQ(ExtractUrlsFromText(body, options).urls.size(), 1u);
  EXPECT_EQ(ExtractUrlsFromText(body, options).urls[0].url, "http://a.example/x");
  options.charset = "no/such//charset";
  EXPECT_EQ(ExtractUrlsFromText(ascii, options).urls.size(), 1u);
}

TEST(ExtractTextTest, KeepsItsLimitsAndSaysSo) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "http://a" + std::to_string(i) + ".example/ ";
  ExtractOptions few;
  few.max_urls = 10;
  EXPECT_EQ(ExtractUrlsFromText(body, few).urls.size(), 10u);
  EXPECT_TRUE(ExtractUrlsFromText(body, few).truncated);
  ExtractOptions short_body;
  short_body.max_body_bytes = 40;
  EXPECT_TRUE(ExtractUrlsFromText(body, short_body).truncated);
  EXPECT_FALSE(ExtractUrlsFromText(body).truncated);
  const std::string endless = "http://a.example/" + std::string(200'000, 'x');
  EXPECT_THAT(Urls(endless), IsEmpty());
  EXPECT_TRUE(ExtractUrlsFromText(endless).truncated);
}

// Each would take minutes where a step looks back over what was looked at.
TEST(ExtractTextTest, TakesTimeInProportionToTheBody) {
  for (const std::string_view piece :
       {"<", "www.", "http://", "a.com", "(", ")", "a/", "=\n", ":"}) {
    std::string body;
    while (body.size() < 4'000'000) body += piece;
    ExtractUrlsFromText(body);
  }
}

INSTANTIATE_TEST_SUITE_P(
    WithoutSpaces, ExtractTextTest,
    ::testing::Values(
        TextCase{"a name and what follows it",
                 "请访问example.com/login，谢谢",
                 {"请访问example.com/login，谢谢", "example.com/login，谢谢", "example.com/login"}},
        TextCase{"a full stop of another writing",
                 "https://a.example.com/x。谢谢",
                 {"https://a.example.com/x。谢谢", "https://a.example.com/x"}},
        TextCase{"right after the host",
                 "http://example.com。",
                 {"http://example.com。", "http://example.com"}},
        TextCase{"www after other letters", "点击www.example.com", {"www.example.com"}},
        TextCase{"names that are not ASCII stay whole",
                 "https://münchen.example/straße",
                 {"https://münchen.example/straße"}},
        TextCase{
            "Markdown",
            "[http://a.example/](http://b.example/x)",
            {"http://a.example/](http://b.example/x)", "http://a.example/", "http://b.example/x"}},
        TextCase{"one after the other",
                 "http://a.example/;https://b.example/http://c.example/",
                 {"http://a.example/;https://b.example/http://c.example/", "http://a.example/",
                  "https://b.example/http://c.example/"}},
        TextCase{"grown together",
                 "http://a.example/xhttps://b.example/y",
                 {"http://a.example/xhttps://b.example/y", "https://b.example/y"}},
        TextCase{"a parameter stays one",
                 "http://a.example/?u=http://b.example/",
                 {"http://a.example/?u=http://b.example/"}}));

TEST(UnwrapUrlTest, NestedWrappersUpToTheDepth) {
  const std::string once = "https://l.facebook.com/l.php?u=http%3A%2F%2Fa.example%2F";
  const std::string twice =
      "https://www.google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttp%253A%252F%252F"
      "a.example%252F";
  EXPECT_THAT(UnwrapUrl(once), ElementsAre("http://a.example/"));
  EXPECT_THAT(UnwrapUrl(twice), ElementsAre(once, "http://a.example/"));
  EXPECT_THAT(UnwrapUrl(twice, 1), ElementsAre(once));
  EXPECT_THAT(Urls("go " + once), ElementsAre(once, "http://a.example/"));
}

struct UnwrapCase {
  const char* what;
  std::string url;
  std::vector<std::string> targets;
};

class UnwrapUrlTable : public ::testing::TestWithParam<UnwrapCase> {};

TEST_P(UnwrapUrlTable, Unwraps) {
  EXPECT_THAT(UnwrapUrl(GetParam().url), ElementsAreArray(GetParam().targets)) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Services, UnwrapUrlTable,
    ::testing::Values(
        UnwrapCase{"written with backslashes",
                   "https:\\\\www.google.com\\url?q=https://a.example/",
                   {"https://a.example/"}},
        UnwrapCase{"written with one slash",
                   "https:/www.google.com//url?q=https://a.example/",
                   {"https://a.example/"}},
        UnwrapCase{"its own words escaped",
                   "https://%77ww.google.com/%75rl?%71=https://a.example/",
                   {"https://a.example/"}},
        UnwrapCase{"wide letters",
                   "https://ｗｗｗ.google.com/url?q=https://a.example/",
                   {"https://a.example/"}},
        UnwrapCase{"escaped twice",
                   "https://www.google.com/url?q=https%253A%252F%252Fa.example%252Fx",
                   {"https://a.example/x"}},
        UnwrapCase{"Safe Links",
                   "https://eur01.safelinks.protection.outlook.com/"
                   "?url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1&data=05%7C01&reserved=0",
                   {"https://a.example/x?y=1"}},
        UnwrapCase{"copied out of HTML",
                   "https://nam02.safelinks.protection.outlook.com/ap/w-59?v=1&amp;"
                   "url=http%3A%2F%2Fa.example%2F&amp;data=x",
                   {"http://a.example/"}},
        UnwrapCase{"URL Defense, version 1",
                   "https://urldefense.proofpoint.com/v1/url?u=http%3A%2F%2Fa.example%2Fx&k=abc",
                   {"http://a.example/x"}},
        UnwrapCase{"version 2",
                   "https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_x-3Fy-3D1&d=Dw",
                   {"https://a.example/x?y=1"}},
        UnwrapCase{"version 3",
                   "https://urldefense.com/v3/__https://a.example/x__;!!abc!def$",
                   {"https://a.example/x"}},
        UnwrapCase{"version 3, one byte replaced",  // JQ is "%"
                   "https://urldefense.com/v3/__https://a.example/x*20y__;JQ!!abc!def$",
                   {"https://a.example/x%20y"}},
        UnwrapCase{"version 3, a run",  // "**B" stands for three bytes: "ä%"
                   "https://urldefense.com/v3/__https://a.example/x**By__;w6Ql!!abc!def$",
                   {"https://a.example/x\xC3\xA4%y"}},
        UnwrapCase{"Avanan",
                   "https://url.avanan.click/v2/___https://a.example/x___.YXA6",
                   {"https://a.example/x"}},
        UnwrapCase{"Google",
                   "https://www.google.co.uk/url?sa=t&url=http%3A%2F%2Fa.example%2F",
                   {"http://a.example/"}},
        UnwrapCase{"Google, without a scheme",
                   "www.google.com/url?q=http://a.example/x&sa=D",
                   {"http://a.example/x"}},
        UnwrapCase{
            "AMP", "https://www.google.com/amp/s/a.example/x.html", {"https://a.example/x.html"}},
        UnwrapCase{"AMP cache",
                   "https://a-example.cdn.ampproject.org/c/s/a.example/x",
                   {"https://a.example/x"}},
        UnwrapCase{"Bing",
                   "https://www.bing.com/ck/a?!&&p=1&u=a1aHR0cHM6Ly9hLmV4YW1wbGUveA&ntb=1",
                   {"https://a.example/x"}},
        UnwrapCase{"Yahoo",
                   "https://r.search.yahoo.com/_ylt=Aw/RV=2/RE=1/RO=10/"
                   "RU=https%3a%2f%2fa.example%2fx/RK=2/RS=abc-",
                   {"https://a.example/x"}},
        UnwrapCase{"Cisco",
                   "https://secure-web.cisco.com/1abc-def/https%3A%2F%2Fa.example%2Fx",
                   {"https://a.example/x"}},
        UnwrapCase{"Sophos",
                   "https://eu-west-1.protection.sophos.com/?d=a.example&"
                   "u=aHR0cHM6Ly9hLmV4YW1wbGUveA==&i=1",
                   {"https://a.example/x"}},
        UnwrapCase{"Barracuda",
                   "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fa.example&c=E,1,x",
                   {"https://a.example"}}));

INSTANTIATE_TEST_SUITE_P(
    NotWrappers, UnwrapUrlTable,
    ::testing::Values(
        UnwrapCase{
            "another host", "https://www.google.com.evil.example/url?q=http://a.example/", {}},
        UnwrapCase{"another path", "https://www.google.com/search?q=http://a.example/", {}},
        UnwrapCase{"no target", "https://www.google.com/url?q=", {}},
        UnwrapCase{
            "a target that is no web URL", "https://www.google.com/url?q=javascript:alert(1)", {}},
        UnwrapCase{"no base64", "https://www.bing.com/ck/a?u=a1%21%21", {}},
        UnwrapCase{"cut off", "https://urldefense.com/v3/__https://a.example/", {}},
        UnwrapCase{"nothing", "", {}}));

}  // namespace
}  // namespace cloister
