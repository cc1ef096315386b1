// URL vectors that others publish. Where we differ on purpose, the row stands in a table here with
// the reason; any other difference is a failure, and so is a row of a table that no longer differs.

#include <fstream>
#include <map>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reputation/url.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::SharedData;
using ::cloister::testing::SharedDataHint;
using Json = nlohmann::json;

constexpr char kSafeBrowsing[] = "vectors/safebrowsing-vectors/vectors.json";

constexpr char kNoSuchHost[] = "browsers refuse the host, so nobody can follow the URL";
constexpr char kSevenHosts[] = "theirs takes 7 labels; the specification says 5";
constexpr char kUpperCase[] = "theirs escapes with lower-case digits; Chromium with upper-case";
constexpr char kBrowserSlashes[] = "browsers take any number of slashes and find a host";
constexpr char kIpv6[] = "the version 5 documentation compresses and lower-cases IPv6";
constexpr char kBrowserIpv4[] = "browsers refuse the number";

// Rows that differ on purpose, by URL.
const std::map<std::string, const char*>& Differences() {
  static const auto* const kDifferences = new std::map<std::string, const char*>{
      {"http://a.b.c.d.e.f.g.h.i/", kSevenHosts},
      {"https://a.b.c.d.e.f.g.h.i/", kSevenHosts},
      {"a.b.c.d.e.f.g.h.i/", kSevenHosts},
      {"http://a.b.c.d.e.f.kita.tokyo.jp", kSevenHosts},
      {"http://host%23.com/%257Ea%2521b%2540c%2523d%2524e%25f%255E00%252611%252A22%252833%252944_"
       "55%252B",
       kNoSuchHost},
      {"http://\x01\x80.com/", kNoSuchHost},
      {"http:// leadingspace.com/", kNoSuchHost},
      {"http://%20leadingspace.com/", kNoSuchHost},
      {"%20leadingspace.com/", kNoSuchHost},
      {"http://some%1bhost.com/%1b", kNoSuchHost},
      {"http://W!eird<>Ho$^.com/", kNoSuchHost},
      {"http%3A%2F%2Fwackyurl.com:80/", "to a browser this is a path, not a URL with a host"},
      {"http://[::192.9.5.5]/ipng", kIpv6},
      {"http:///blah#ref", kBrowserSlashes},
      {"http:///blah?query#ref", kBrowserSlashes},
      {"http:///blah;param", kBrowserSlashes},
      {"http:///blah;param?query#ref", kBrowserSlashes},
      {"276.2.3", kBrowserIpv4},
      {"10.192.95.89 xy", "a habit of the Windows resolver that browsers do not have"},
      {"123.123.0.0.1", "no difference: neither takes it for an address"},
      {"1.2.3.00x0", "no difference: neither takes it for an address"},
  };
  return *kDifferences;
}

Json Load(const std::string& path) {
  std::ifstream file(path);
  return Json::parse(file, nullptr, false);
}

// A JSON string, or {"b64": …} for bytes that are not UTF-8.
std::string Text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(value["b64"].get<std::string>(), &bytes));
  return bytes;
}

// Their canonical URLs have a scheme, and neither port nor query.
std::string WithoutScheme(const std::string& url) {
  size_t slashes = url.find("://");
  return slashes == std::string::npos ? url : url.substr(slashes + 3);
}

std::string HostAndPath(const CanonicalUrl& url) {
  CanonicalUrl bare = url;
  bare.port = 0;
  bare.query.reset();
  return bare.ToString();
}

std::string HostText(const CanonicalUrl& url) {
  return url.ip.has_value() && !url.ip->is_v4() ? absl::StrCat("[", url.host, "]") : url.host;
}

class SafeBrowsingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::optional<std::string> path = SharedData(kSafeBrowsing);
    if (!path.has_value()) GTEST_SKIP() << SharedDataHint(kSafeBrowsing);
    tables_ = Load(*path)["tables"];
    ASSERT_TRUE(tables_.is_object());
  }

  // Calls check(row, url) for each row that should agree; counts them.
  template <typename Check>
  int ForEachAgreeing(const char* table, Check check) {
    int rows = 0;
    for (const Json& row : tables_[table]) {
      std::string url = Text(row["url"]);
      if (Differences().contains(url)) continue;
      SCOPED_TRACE(absl::CHexEscape(url));
      absl::StatusOr<CanonicalUrl> canonical = CanonicalizeUrl(url);
      ++rows;
      EXPECT_EQ(canonical.ok(), !row.value("fail", false)) << canonical.status();
      if (canonical.ok() && !row.value("fail", false)) check(row, *canonical);
    }
    return rows;
  }

  Json tables_;
};

TEST_F(SafeBrowsingTest, CanonicalUrls) {
  EXPECT_GT(ForEachAgreeing("CanonicalURL",
                            [](const Json& row, const CanonicalUrl& url) {
                              EXPECT_EQ(HostAndPath(url), WithoutScheme(row["output"]));
                            }),
            38);
}

TEST_F(SafeBrowsingTest, Hosts) {
  EXPECT_GT(ForEachAgreeing("CanonicalHost",
                            [](const Json& row, const CanonicalUrl& url) {
                              std::string expected = row["output"];
                              if (absl::StartsWith(expected, "strings.ToLower(\"")) {
                                expected = expected.substr(17, expected.size() - 19);
                                for (char& c : expected) c = absl::ascii_tolower(c);
                              }
                              EXPECT_EQ(HostText(url), expected);
                            }),
            8);
}

TEST_F(SafeBrowsingTest, Paths) {
  EXPECT_GT(ForEachAgreeing("CanonicalPath",
                            [](const Json& row, const CanonicalUrl& url) {
                              EXPECT_EQ(url.path, row["output"].get<std::string>());
                            }),
            7);
}

TEST_F(SafeBrowsingTest, LookupHosts) {
  EXPECT_GT(ForEachAgreeing("GenerateLookupHosts",
                            [](const Json& row, CanonicalUrl url) {
                              url.path = "/";
                              url.query.reset();
                              std::vector<std::string> hosts;
                              for (const UrlExpression& expression : UrlExpressions(url)) {
                                hosts.emplace_back(absl::StripSuffix(expression.text, "/"));
                              }
                              EXPECT_EQ(Json(hosts), row["output"]);
                            }),
            2);
}

TEST_F(SafeBrowsingTest, LookupPaths) {
  EXPECT_GT(ForEachAgreeing("GenerateLookupPaths",
                            [](const Json& row, CanonicalUrl url) {
                              url.host = "h";
                              std::set<std::string> paths;
                              for (const UrlExpression& expression : UrlExpressions(url)) {
                                paths.insert(expression.text.substr(1));
                              }
                              EXPECT_EQ(paths, row["output"].get<std::set<std::string>>());
                            }),
            2);
}

TEST_F(SafeBrowsingTest, Patterns) {
  EXPECT_GT(ForEachAgreeing("GeneratePatterns",
                            [](const Json& row, const CanonicalUrl& url) {
                              std::set<std::string> patterns;
                              for (const UrlExpression& expression : UrlExpressions(url)) {
                                patterns.insert(expression.text);
                              }
                              EXPECT_EQ(patterns, row["output"].get<std::set<std::string>>());
                            }),
            9);
}

TEST_F(SafeBrowsingTest, IpAddresses) {
  for (const Json& row : tables_["ParseIPAddress"]) {
    std::string host = row["url"];
    absl::StatusOr<CanonicalUrl> url = CanonicalizeUrl("http://" + host + "/");
    std::string address = url.ok() && url->ip.has_value() ? url->host : "";
    bool agree = address == row["output"].get<std::string>();
    auto difference = Differences().find(host);
    bool expected =
        difference == Differences().end() || absl::StartsWith(difference->second, "no difference");
    EXPECT_EQ(agree, expected) << host << " gives " << address;
  }
}

// Nobody is excused from a row that is not published.
TEST_F(SafeBrowsingTest, DifferencesArePublished) {
  std::set<std::string> published;
  for (const Json& table : tables_) {
    for (const Json& row : table) {
      if (row.contains("url")) published.insert(Text(row["url"]));
    }
  }
  for (const auto& [url, reason] : Differences()) {
    EXPECT_TRUE(published.contains(url)) << absl::CHexEscape(url) << ": " << reason;
  }
}

// The differing rows are refused, or differ in what the reason says: none of them agrees.
TEST_F(SafeBrowsingTest, DifferencesStillDiffer) {
  for (const Json& row : tables_["CanonicalURL"]) {
    std::string url = Text(row["url"]);
    if (!Differences().contains(url)) continue;
    absl::StatusOr<CanonicalUrl> canonical = CanonicalizeUrl(url);
    if (row.value("fail", false)) {
      EXPECT_TRUE(canonical.ok()) << absl::CHexEscape(url);
    } else {
      EXPECT_TRUE(!canonical.ok() || HostAndPath(*canonical) != WithoutScheme(row["output"]))
          << absl::CHexEscape(url);
    }
  }
}

}  // namespace
}  // namespace cloister::reputation
