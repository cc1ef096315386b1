// What holds for every URL: a hundred thousand of them, made from pieces that have gone wrong
// somewhere. The seed is fixed, so a failure comes again.

#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "reputation/host_name.h"
#include "reputation/object.h"
#include "reputation/url.h"

namespace cloister::reputation {
namespace {

constexpr int kCases = 100'000;

const std::vector<std::string> kSchemes = {"http", "https"};
const std::vector<std::string> kHostPieces = {"example",
                                              ".",
                                              "com",
                                              "co.uk",
                                              "www",
                                              "a",
                                              "xn--bcher-kva",
                                              "_x",
                                              "github",
                                              ".io",
                                              "-",
                                              "b\xc3\xbc",
                                              "%61",
                                              "%2e",
                                              "%25%36%31",
                                              "\xe2\x98\x83",
                                              "\xe3\x80\x82",
                                              "1",
                                              "0x7f",
                                              "0300",
                                              "..",
                                              "\xd7\x90",
                                              "3221225985",
                                              "256",
                                              "%20",
                                              "!",
                                              "\xff",
                                              "\xe2\x80\x8d",
                                              "%zz",
                                              "appspot",
                                              "0",
                                              "x"};
const std::vector<std::string> kWholeHosts = {"192.0.2.1",          "[2001:db8::1]",
                                              "[::ffff:192.0.2.1]", "[fe80::1%25eth0]",
                                              "0xc0.0.2.01",        "a.b.c.d.e.f.g.example.com",
                                              "localhost",          "[::1",
                                              "a.b.kawasaki.jp",    "1.2.3.4.5"};
const std::vector<std::string> kPathPieces = {
    "/",        "a",      "b.html", "..",  ".",    "%2e", "%2F", "%252e%2e", "//",   "\\",
    "\xc3\xa9", "%",      "%4",     "1",   "%%34", "%25", "~",   " x",       ";",    "%00",
    "=",        "%C3%A9", "index",  "/./", ":",    "@",   "%3F", "\x7f",     "\x01x"};
const std::vector<std::string> kQueryPieces = {"a=1", "&",   "?", "/",    "..", "//",
                                               "%41", "%25", "%", "\\",   "+",  "@",
                                               ":",   "%23", "b", "\xff", " x"};

struct Pieces {
  std::string scheme, host, port, path, query;  // port, path and query with what begins them

  std::string Text() const { return absl::StrCat(scheme, "://", host, port, path, query); }
};

class Generator {
 public:
  size_t Below(size_t limit) { return random_() % limit; }
  bool OneIn(size_t odds) { return Below(odds) == 0; }
  const std::string& OneOf(const std::vector<std::string>& choices) {
    return choices[Below(choices.size())];
  }

  Pieces Make() {
    Pieces url;
    url.scheme = OneOf(kSchemes);
    if (OneIn(4)) {
      url.host = OneOf(kWholeHosts);
    } else {
      for (size_t n = 1 + Below(6); n > 0; --n) url.host += OneOf(kHostPieces);
    }
    if (OneIn(4)) url.port = absl::StrCat(":", OneOf({"81", "8080", "080", "443", "80", "65536"}));
    if (!OneIn(5)) {
      url.path = "/";
      for (size_t n = Below(9); n > 0; --n) url.path += OneOf(kPathPieces);
    }
    if (OneIn(2)) {
      url.query = "?";
      for (size_t n = Below(5); n > 0; --n) url.query += OneOf(kQueryPieces);
    }
    return url;
  }

  // `text` with some unreserved characters (RFC 3986) escaped, some of them twice.
  std::string Escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool unreserved = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                              absl::StrContains("-._~", std::string(1, c));
      if (!unreserved || !OneIn(4)) {
        out.push_back(c);
      } else if (OneIn(2)) {
        absl::StrAppend(&out, absl::StrFormat("%%%02x", static_cast<unsigned>(c)));
      } else {
        absl::StrAppend(&out, absl::StrFormat("%%25%02X", static_cast<unsigned>(c)));
      }
    }
    return out;
  }

  std::string InAnotherCase(std::string text) {
    for (char& c : text) {
      if (OneIn(2)) c = absl::ascii_toupper(static_cast<unsigned char>(c));
    }
    return text;
  }

  std::string WithLineBreaks(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (OneIn(6)) out += OneOf({"\t", "\r", "\n", "\r\n"});
      out.push_back(c);
    }
    return out;
  }

 private:
  std::mt19937_64 random_{20261123};
};

std::string Canonical(const std::string& text) {
  const absl::StatusOr<CanonicalUrl> url = CanonicalizeUrl(text);
  return url.ok() ? url->ToString() : "refused";
}

// Other writings of the same URL.
std::vector<std::pair<std::string, std::string>> Variants(const Pieces& url, Generator* random) {
  const auto with = [&url](auto change) {
    Pieces changed = url;
    change(changed);
    return changed.Text();
  };
  const bool name = url.host.front() != '[';
  std::vector<std::pair<std::string, std::string>> variants = {
      {"case of scheme and host", with([&](Pieces& u) {
         u.scheme = random->InAnotherCase(u.scheme);
         u.host = random->InAnotherCase(u.host);
       })},
      {"needless escapes", with([&](Pieces& u) {
         if (name) u.host = random->Escaped(u.host);
         u.path = random->Escaped(u.path);
         u.query = random->Escaped(u.query);
       })},
      {"userinfo", with([](Pieces& u) { u.host = "good.example:%2F@" + u.host; })},
      {"fragment", url.Text() + "#f?/@\\ g"},
      {"tab, CR and LF", random->WithLineBreaks(url.Text())},
      {"white space around", " \x01" + url.Text() + "\x1f "},
  };
  if (name) {
    variants.emplace_back("dots", with([](Pieces& u) { u.host = "." + u.host + ".."; }));
  }
  if (url.port.empty()) {
    const char* port = url.scheme == "http" ? ":80" : ":443";
    variants.emplace_back("default port", with([port](Pieces& u) { u.port = port; }));
  }
  if (!absl::StrContains(url.path, "%3F")) {  // which begins the query
    variants.emplace_back("backslashes before the query", with([](Pieces& u) {
                            for (char& c : u.path) c = c == '/' ? '\\' : c;
                          }));
  }
  if (!url.path.empty()) {
    variants.emplace_back("dot segments", with([](Pieces& u) { u.path = "/x/.././%2e" + u.path; }));
  }
  return variants;
}

// What expressions and keys promise, whatever the URL.
void ExpectBounds(const CanonicalUrl& url) {
  const std::vector<UrlExpression> expressions = UrlExpressions(url);
  ASSERT_LE(expressions.size(), url.port == 0 ? 30u : 60u);
  std::set<std::string> texts;
  for (const UrlExpression& expression : expressions) {
    ASSERT_TRUE(texts.insert(expression.text).second) << expression.text << " twice";
    const size_t end = expression.text[0] == '[' ? expression.text.find(']') + 1
                                                 : expression.text.find_first_of(":/");
    const absl::string_view host = absl::string_view(expression.text).substr(0, end);
    if (url.ip.has_value()) {
      ASSERT_EQ(host, url.ip->is_v4() ? url.host : "[" + url.host + "]");
      continue;
    }
    ASSERT_TRUE(host == url.host || absl::EndsWith(url.host, absl::StrCat(".", host))) << host;
    const auto dots = std::count(host.begin(), host.end(), '.');
    ASSERT_TRUE(host == url.host || (dots >= 1 && dots <= 4)) << host;
  }
}

// The names that a URL falls back to are those that its host has.
void ExpectHostKeys(const CanonicalUrl& url, const std::string& text) {
  const LookupKeys keys = Object::Url(text)->Keys(/*with_expressions=*/true);
  std::vector<std::string> hosts;
  for (size_t i = 0; i < keys.keys.size(); ++i) {
    if (keys.keys[i].kind() == ObjectKind::kHost) hosts.push_back(keys.expressions[i]);
  }
  std::vector<std::string> expected;
  if (!url.ip.has_value()) {
    for (absl::string_view suffix : HostSuffixes(url.host)) expected.emplace_back(suffix);
  }
  ASSERT_EQ(hosts, expected);
  for (const std::string& host : hosts) ASSERT_FALSE(IsPublicSuffix(host)) << host;
}

TEST(UrlPropertiesTest, OneUrlHasOneCanonicalText) {
  Generator random;
  int refused = 0;
  for (int i = 0; i < kCases && !::testing::Test::HasFailure(); ++i) {
    const Pieces url = random.Make();
    // White space at the end of a URL is none before a fragment.
    const std::string text(absl::StripTrailingAsciiWhitespace(url.Text()));
    if (text != url.Text() || static_cast<unsigned char>(text.back()) <= 0x20) continue;
    const std::string canonical = Canonical(text);
    refused += canonical == "refused" ? 1 : 0;
    for (const auto& [what, variant] : Variants(url, &random)) {
      ASSERT_EQ(Canonical(variant), canonical)
          << what << ": " << absl::CHexEscape(text) << " | " << absl::CHexEscape(variant);
    }
  }
  EXPECT_GT(refused, kCases / 20);
  EXPECT_LT(refused, kCases * 3 / 4);
}

TEST(UrlPropertiesTest, CanonicalTextIsCanonicalAndBounded) {
  Generator random;
  for (int i = 0; i < kCases && !::testing::Test::HasFailure(); ++i) {
    const std::string text = random.Make().Text();
    const absl::StatusOr<CanonicalUrl> url = CanonicalizeUrl(text);
    if (!url.ok()) continue;
    SCOPED_TRACE(absl::CHexEscape(text));
    ASSERT_EQ(Canonical("http://" + url->ToString()), url->ToString());
    ASSERT_NO_FATAL_FAILURE(ExpectBounds(*url));
    ASSERT_NO_FATAL_FAILURE(ExpectHostKeys(*url, text));
  }
}

}  // namespace
}  // namespace cloister::reputation
