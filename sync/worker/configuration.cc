#include "sync/worker/configuration.h"

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/toml/toml_table.h"
#include "sync/worker/feed_configuration.h"

namespace cloister::worker {
namespace {

using config::TomlTable;

constexpr int64_t kMaxReserveMegabytes = 1 << 20;
constexpr int64_t kMaxScrubHours = 24 * 365;
constexpr int64_t kMaxImportPollSeconds = 24 * 3600;
constexpr int64_t kMaxExpiredDays = 10 * 365;

LogConfiguration ReadLog(const TomlTable& table) {
  LogConfiguration log;
  log.level = table.Choice("level", {"debug", "info", "warning", "error"}, "info");
  log.format = table.Choice("format", {"text", "json"}, "text");
  return log;
}

ImportConfiguration ReadImport(const TomlTable& table) {
  ImportConfiguration import;
  import.folders = table.Paths("folders");
  import.remove_after_import = table.Flag("remove_after_import", false);
  import.poll_interval =
      absl::Seconds(table.Integer("poll_interval_s", {1, kMaxImportPollSeconds}, 10));
  import.accept_expired_within =
      absl::Hours(24) * table.Integer("accept_expired_days", {0, kMaxExpiredDays}, 0);
  return import;
}

void ReadFeeds(const TomlTable& root, Configuration* configuration) {
  std::set<std::string> names;
  for (const TomlTable& table : root.Tables("feed")) {
    configuration->feeds.push_back(ReadFeed(table, &names));
    if (!configuration->feeds.back().sources.empty()) continue;
    if (!configuration->import.folders.empty()) continue;
    table.Mistake("url",
                  "is missing: say where the feed comes from, or name a folder for bundles "
                  "with folders in [import]");
  }
  if (configuration->feeds.empty()) root.Mistake("feed", "at least one [[feed]] is needed");
}

// Whether one of two folders is the other, or lies in it.
bool Overlap(const std::string& a, const std::string& b) {
  const auto with_slash = [](const std::string& path) {
    return (std::filesystem::path(path) / "").lexically_normal().string();
  };
  return absl::StartsWith(with_slash(a), with_slash(b)) ||
         absl::StartsWith(with_slash(b), with_slash(a));
}

void ReadMirror(const TomlTable& root, Configuration* configuration) {
  configuration->mirror_directory = root.Path("mirror_directory");
  configuration->mirror_all = root.Flag("mirror_all", true);
  const std::string& mirror = configuration->mirror_directory;
  if (mirror.empty()) return;
  for (const std::string& own : {configuration->spool_directory, configuration->state_directory}) {
    if (own.empty() || !Overlap(mirror, own)) continue;
    root.Mistake("mirror_directory",
                 absl::StrCat("must be apart from ", own, ", for everybody may read a mirror"));
  }
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
  configuration.scrub_interval =
      absl::Hours(root->Integer("scrub_interval_h", {1, kMaxScrubHours}, 24));
  ReadMirror(*root, &configuration);
  configuration.log = ReadLog(root->Table("log"));
  configuration.import = ReadImport(root->Table("import"));
  ReadFeeds(*root, &configuration);
  if (absl::Status s = root->Finish(); !s.ok()) return s;
  return configuration;
}

}  // namespace cloister::worker
