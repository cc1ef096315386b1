#include "sync/worker/feed_configuration.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cloister::worker {
namespace {

using config::TomlTable;

constexpr size_t kMaxNameLength = 64;
constexpr size_t kMaxSources = 16;
constexpr int64_t kMaxPollSeconds = 7 * 24 * 3600;
// Below this a transfer would be taken for one that has come to a stop.
constexpr int64_t kMinBytesPerSecond = 16 * 1024;
constexpr int64_t kMaxBytesPerSecond = int64_t{1} << 40;

// The name becomes a folder's, so it must not be able to be anything else.
bool IsFeedName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && absl::ascii_isalnum(name[0]) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
         });
}

void ReadName(const TomlTable& table, std::set<std::string>* names, FeedConfiguration* feed) {
  feed->name = table.RequiredText("name");
  if (!IsFeedName(feed->name)) {
    table.Mistake(
        "name", absl::StrCat("must be 1 to ", kMaxNameLength,
                             " lower-case letters, digits, '-' and '_', a letter or digit first"));
  } else if (!names->insert(feed->name).second) {
    table.Mistake("name", absl::StrCat("another feed is called \"", feed->name, "\" already"));
  }
}

SourceAddress ReadSource(const TomlTable& table, absl::string_view setting, const std::string& text,
                         bool allow_http) {
  SourceAddress source;
  absl::string_view folder = text;
  if (absl::ConsumePrefix(&folder, "file://")) {
    source.folder = std::string(folder);
    if (!absl::StartsWith(folder, "/")) {
      table.Mistake(setting, "a folder is written file:///absolute/path/");
    }
  } else {
    auto url = transport::BaseUrl::Parse(text, allow_http);
    if (url.ok()) {
      source.url = *std::move(url);
    } else {
      table.Mistake(setting, url.status().message());
    }
  }
  return source;
}

void ReadSources(const TomlTable& table, FeedConfiguration* feed) {
  const bool allow_http = table.Flag("allow_http", false);
  const std::string url = table.Text("url");
  if (table.Has("url")) feed->sources.push_back(ReadSource(table, "url", url, allow_http));
  for (const std::string& mirror : table.Texts("mirrors")) {
    feed->sources.push_back(ReadSource(table, "mirrors", mirror, allow_http));
  }
  if (feed->sources.size() > kMaxSources) {
    table.Mistake("mirrors", absl::StrCat("at most ", kMaxSources, " sources of one feed"));
  }
}

// Settings that mean something together only.
void CheckPair(const TomlTable& table, absl::string_view one, absl::string_view other) {
  if (table.Has(one) && !table.Has(other)) {
    table.Mistake(one, absl::StrCat("goes together with ", other, ", which is missing"));
  }
}

void ReadProxy(const TomlTable& table, FeedConfiguration* feed) {
  feed->proxy = table.Text("proxy");
  feed->proxy_ca_file = table.Path("proxy_ca_file");
  feed->proxy_user = table.Text("proxy_user");
  feed->proxy_password_file = table.Path("proxy_password_file");
  const bool known =
      absl::StartsWith(feed->proxy, "http://") || absl::StartsWith(feed->proxy, "https://");
  if (!feed->proxy.empty() && !known) {
    table.Mistake("proxy", "must begin with http:// or https://");
  }
  if (absl::StrContains(feed->proxy, '@')) {
    table.Mistake("proxy",
                  "must not hold a user or password; use proxy_user and "
                  "proxy_password_file");
  }
  if (absl::StrContains(feed->proxy_user, ':')) {
    table.Mistake("proxy_user", "must not hold a colon (RFC 7617)");
  }
  CheckPair(table, "proxy_user", "proxy");
  CheckPair(table, "proxy_user", "proxy_password_file");
  CheckPair(table, "proxy_password_file", "proxy_user");
  CheckPair(table, "proxy_ca_file", "proxy");
}

void ReadTls(const TomlTable& table, FeedConfiguration* feed) {
  feed->ca_file = table.Path("ca_file");
  feed->client_certificate = table.Path("client_certificate");
  feed->client_key = table.Path("client_key");
  CheckPair(table, "client_certificate", "client_key");
  CheckPair(table, "client_key", "client_certificate");
}

}  // namespace

FeedConfiguration ReadFeed(const TomlTable& table, std::set<std::string>* names) {
  FeedConfiguration feed;
  ReadName(table, names, &feed);
  ReadSources(table, &feed);
  feed.root = table.RequiredPath("root");
  feed.poll_interval = absl::Seconds(table.Integer("poll_interval_s", {1, kMaxPollSeconds}, 300));
  if (table.Has("max_bytes_per_second")) {
    feed.max_bytes_per_second = static_cast<uint64_t>(table.Integer(
        "max_bytes_per_second", {kMinBytesPerSecond, kMaxBytesPerSecond}, kMinBytesPerSecond));
  }
  ReadTls(table, &feed);
  ReadProxy(table, &feed);
  return feed;
}

}  // namespace cloister::worker
