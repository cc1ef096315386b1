// Vectors of the web platform: what browsers do is what people follow.

#include <algorithm>
#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reputation/url.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/reputation/published_differences.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::PublishedDifferences;
using ::cloister::testing::SharedData;
using ::cloister::testing::SharedDataHint;
using Json = nlohmann::json;

// Lone surrogates are no text: a browser reads U+FFFD for them.
std::string WithoutLoneSurrogates(std::string json) {
  const auto is_escape = [&json](size_t i, absl::string_view second_digits) {
    return i + 6 <= json.size() && json[i] == '\\' && json[i + 1] == 'u' &&
           absl::ascii_tolower(json[i + 2]) == 'd' &&
           absl::StrContains(second_digits, absl::ascii_tolower(json[i + 3]));
  };
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\') continue;
    if (is_escape(i, "89ab") && is_escape(i + 6, "cdef")) {
      i += 11;
    } else if (is_escape(i, "89abcdef")) {
      json.replace(i + 2, 4, "fffd");
    } else {
      ++i;
    }
  }
  return json;
}

// Rows of a file below vectors/wpt-url/; nothing if it is not there.
std::optional<Json> Rows(const std::string& file) {
  std::optional<std::string> path = SharedData(absl::StrCat("vectors/wpt-url/", file));
  if (!path.has_value()) return std::nullopt;
  std::ifstream in(*path);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Json rows = Json::array();
  for (Json& row : Json::parse(WithoutLoneSurrogates(text), nullptr, false)) {
    if (row.is_object()) rows.push_back(std::move(row));
  }
  return rows;
}

std::string OursOf(const std::string& url) {
  const absl::StatusOr<CanonicalUrl> canonical = CanonicalizeUrl(url);
  return canonical.ok() ? canonical->ToString() : "!";
}

// Whether the text, as browsers clean it, begins with a scheme that has a host, and stands for
// itself rather than relative to a base.
bool IsAbsolute(std::string text) {
  std::erase_if(text, [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.erase(0, 1);
  absl::AsciiStrToLower(&text);
  for (const char* scheme : {"http:", "https:", "ftp:", "ws:", "wss:"}) {
    if (absl::StartsWith(text, scheme)) return true;
  }
  return false;
}

bool HasBase(const Json& row) {
  return row.contains("base") && row["base"].is_string() && row["base"] != "about:blank";
}

class UrlTableTest : public ::testing::TestWithParam<std::pair<const char*, size_t>> {};

// What is looked up is what a browser that is given the text would visit.
TEST_P(UrlTableTest, IsFollowedAsBrowsersDo) {
  const auto [file, least] = GetParam();
  const std::optional<Json> rows = Rows(file);
  if (!rows.has_value()) GTEST_SKIP() << SharedDataHint("vectors/wpt-url");
  PublishedDifferences differences(file);
  for (const Json& row : *rows) {
    const std::string input = row["input"];
    const bool fails = row.value("failure", false);
    if (!IsAbsolute(input) || (HasBase(row) && !fails)) continue;
    if (HasBase(row) && row.contains("relativeTo")) continue;
    const std::string theirs = fails ? "!" : OursOf(row.value("href", input));
    differences.Check(input, OursOf(input), theirs);
  }
  EXPECT_GE(differences.checked(), least);
}

INSTANTIATE_TEST_SUITE_P(WebPlatform, UrlTableTest,
                         ::testing::Values(std::pair{"urltestdata.json", 300},
                                           std::pair{"urltestdata-javascript-only.json", 1},
                                           std::pair{"ada_extra_urltestdata.json", 5},
                                           std::pair{"ada_long_urltestdata.json", 1},
                                           std::pair{"verifydnslength_tests.json", 5}),
                         [](const auto& info) {
                           std::string name = info.param.first;
                           std::erase_if(name, [](char c) { return !absl::ascii_isalnum(c); });
                           return name;
                         });

// What is published, after two rules of ours: empty labels do not count (Safe Browsing), and a name
// that the DNS cannot hold is refused (RFC 1035: 63 octets a label, 253 a name).
std::string AfterOurRules(const std::string& name) {
  const std::vector<std::string> labels = absl::StrSplit(name, '.', absl::SkipEmpty());
  const bool fits = std::all_of(labels.begin(), labels.end(),
                                [](const std::string& label) { return label.size() <= 63; });
  const std::string whole = absl::StrJoin(labels, ".");
  return labels.empty() || !fits || whole.size() > 253 ? "!" : whole + "/";
}

class IdnaTableTest : public ::testing::TestWithParam<std::pair<const char*, size_t>> {};

// The host of http://<input>/ against UTS #46 as URLs use it.
TEST_P(IdnaTableTest, HostsBecomeTheSameALabels) {
  const auto [file, least] = GetParam();
  const std::optional<Json> rows = Rows(file);
  if (!rows.has_value()) GTEST_SKIP() << SharedDataHint("vectors/wpt-url");
  PublishedDifferences differences(file);
  for (const Json& row : *rows) {
    const std::string input = row["input"];
    const std::string ours = OursOf("http://" + input + "/");
    const std::string theirs =
        row["output"].is_string() ? AfterOurRules(row["output"].get<std::string>()) : "!";
    differences.Check(input, ours, theirs);
  }
  EXPECT_GE(differences.checked(), least);
}

INSTANTIATE_TEST_SUITE_P(WebPlatform, IdnaTableTest,
                         ::testing::Values(std::pair{"toascii.json", 80},
                                           std::pair{"IdnaTestV2.json", 2600},
                                           std::pair{"IdnaTestV2-removed.json", 10}),
                         [](const auto& info) {
                           std::string name = info.param.first;
                           std::erase_if(name, [](char c) { return !absl::ascii_isalnum(c); });
                           return name;
                         });

// Canonical text is a URL whose canonical text it is, whatever it came from.
TEST(WebPlatformTest, NothingChangesTwice) {
  const std::optional<Json> rows = Rows("urltestdata.json");
  if (!rows.has_value()) GTEST_SKIP() << SharedDataHint("vectors/wpt-url");
  int canonical_urls = 0;
  for (const Json& row : *rows) {
    const absl::StatusOr<CanonicalUrl> url = CanonicalizeUrl(row["input"].get<std::string>());
    if (!url.ok()) continue;
    ++canonical_urls;
    ASSERT_OK_AND_ASSIGN(CanonicalUrl again, CanonicalizeUrl("http://" + url->ToString()));
    EXPECT_EQ(again, *url);
  }
  EXPECT_GT(canonical_urls, 200);
}

}  // namespace
}  // namespace cloister::reputation
