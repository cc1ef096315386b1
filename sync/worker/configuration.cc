#include "sync/worker/configuration.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/toml/toml_table.h"

namespace cloister::worker {
namespace {

using config::TomlTable;

constexpr size_t kMaxNameLength = 64;
constexpr int64_t kMaxPollSeconds = 7 * 24 * 3600;
constexpr int64_t kMaxReserveMegabytes = 1 << 20;

// The name becomes a folder's, so it must not be able to be anything else.
bool IsFeedName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && absl::ascii_isalnum(name[0]) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
         });
}

void ReadSource(const TomlTable& table, FeedConfiguration* feed) {
  const bool allow_http = table.Flag("allow_http", false);
  const std::string text = table.RequiredText("url");
  absl::string_view folder = text;
  if (absl::ConsumePrefix(&folder, "file://")) {
    feed->folder = std::string(folder);
    if (!absl::StartsWith(folder, "/")) {
      table.Mistake("url", "a folder is written file:///absolute/path/");
    }
    return;
  }
  if (text.empty()) return;
  auto url = transport::BaseUrl::Parse(text, allow_http);
  if (url.ok()) {
    feed->url = *std::move(url);
  } else {
    table.Mistake("url", url.status().message());
  }
}

FeedConfiguration ReadFeed(const TomlTable& table, std::set<std::string>* names) {
  FeedConfiguration feed;
  feed.name = table.RequiredText("name");
  if (!IsFeedName(feed.name)) {
    table.Mistake(
        "name", absl::StrCat("must be 1 to ", kMaxNameLength,
                             " lower-case letters, digits, '-' and '_', a letter or digit first"));
  } else if (!names->insert(feed.name).second) {
    table.Mistake("name", absl::StrCat("another feed is called \"", feed.name, "\" already"));
  }
  ReadSource(table, &feed);
  feed.root = table.RequiredPath("root");
  feed.poll_interval = absl::Seconds(table.Integer("poll_interval_s", {1, kMaxPollSeconds}, 300));
  feed.ca_file = table.Path("ca_file");
  feed.proxy = table.Text("proxy");
  return feed;
}

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(const std::string& path) {
  absl::StatusOr<TomlTable> root = TomlTable::ReadFile(path);
  if (!root.ok()) return root.status();
  Configuration configuration;
  configuration.spool_directory = root->RequiredPath("spool_directory");
  configuration.state_directory = root->RequiredPath("state_directory");
  configuration.reserve_bytes =
      static_cast<uint64_t>(root->Integer("reserve_mb", {0, kMaxReserveMegabytes}, 256)) << 20;
  const TomlTable log = root->Table("log");
  configuration.log.level = log.Choice("level", {"debug", "info", "warning", "error"}, "info");
  configuration.log.format = log.Choice("format", {"text", "json"}, "text");
  std::set<std::string> names;
  for (const TomlTable& feed : root->Tables("feed")) {
    configuration.feeds.push_back(ReadFeed(feed, &names));
  }
  if (configuration.feeds.empty()) root->Mistake("feed", "at least one [[feed]] is needed");
  if (absl::Status s = root->Finish(); !s.ok()) return s;
  return configuration;
}

}  // namespace cloister::worker
