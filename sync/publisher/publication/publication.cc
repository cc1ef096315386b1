#include "sync/publisher/publication/publication.h"

#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/toml/toml_table.h"
#include "sync/publisher/publication/guard_configuration.h"
#include "sync/publisher/publication/source_configuration.h"

namespace cloister::publisher {
namespace {

using config::TomlTable;

constexpr char kMustLieOutside[] =
    "must lie outside of the repository, for everybody may read that";
constexpr int64_t kMaxMinimumPollSeconds = 7 * 24 * 3600;
constexpr int64_t kMinIntervalSeconds = 10;
constexpr int64_t kMaxIntervalSeconds = 7 * 24 * 3600;

bool LiesIn(const std::string& path, const std::string& folder) {
  if (path.empty() || folder.empty()) return false;
  const auto with_slash = [](const std::string& name) {
    return (std::filesystem::path(name) / "").lexically_normal().string();
  };
  return absl::StartsWith(with_slash(path), with_slash(folder));
}

void ReadRepository(const TomlTable& table, Publication* publication) {
  publication->repository = table.RequiredPath("path");
  publication->state_directory = table.RequiredPath("state_directory");
  publication->minimum_poll_interval =
      absl::Seconds(table.Integer("minimum_poll_s", {0, kMaxMinimumPollSeconds}, 300));
  absl::StatusOr<reputation::Coverage> covers =
      reputation::Coverage::FromNames(table.Texts("also_covers"));
  if (covers.ok()) {
    publication->also_covers = *covers;
  } else {
    table.Mistake("also_covers", covers.status().message());
  }
  if (LiesIn(publication->state_directory, publication->repository)) {
    table.Mistake("state_directory", kMustLieOutside);
  }
}

// Whatever is put into a repository is served.
void CheckSecrets(const TomlTable& root, const Publication& publication) {
  const TomlTable keys = root.Table("keys");
  const auto check = [&](const TomlTable& table, absl::string_view name, const std::string& path) {
    if (LiesIn(path, publication.repository)) table.Mistake(name, kMustLieOutside);
  };
  for (const std::string& folder : publication.key_folders) check(keys, "folders", folder);
  for (const std::string& key : publication.keys) check(keys, "keys", key);
  check(keys, "passphrase_file", publication.passphrase_file);
  check(keys, "pin_file", publication.pin_file);
  for (const PublicationSource& source : publication.sources) {
    if (!source.web.has_value()) continue;
    for (const auto& [header, file] : source.web->header_files) {
      check(root, absl::StrCat("header_files of \"", source.name, "\""), file);
    }
  }
}

void ReadKeys(const TomlTable& table, const std::string& file, Publication* publication) {
  publication->key_folders = table.Paths("folders");
  for (std::string& key : table.Texts("keys")) {
    if (key.empty()) {
      table.Mistake("keys", "holds an empty text; give a PEM file or a pkcs11: URI");
    } else if (absl::StartsWith(key, "pkcs11:")) {
      publication->keys.push_back(std::move(key));
    } else {
      const auto folder = std::filesystem::absolute(file).parent_path();
      publication->keys.push_back((folder / key).lexically_normal().string());
    }
  }
  publication->passphrase_file = table.Path("passphrase_file");
  publication->pin_file = table.Path("pin_file");
  if (!publication->key_folders.empty() || !publication->keys.empty()) return;
  table.Mistake("folders",
                "or keys is needed: name the folder with targets.pem, snapshot.pem "
                "and timestamp.pem");
}

PublicationSchedule ReadSchedule(const TomlTable& table) {
  PublicationSchedule schedule;
  schedule.interval =
      absl::Seconds(table.Integer("interval_s", {kMinIntervalSeconds, kMaxIntervalSeconds}, 900));
  schedule.refresh_at_share = table.Number("refresh_at_share", {0.05, 0.95}, 0.5);
  return schedule;
}

void ReadSources(const TomlTable& root, Publication* publication) {
  std::set<std::string> names;
  for (const TomlTable& table : root.Tables("source")) {
    publication->sources.push_back(ReadSource(table, &names));
  }
  if (publication->sources.empty()) {
    root.Mistake("source", "at least one [[source]] is needed");
  } else if (publication->sources.size() > reputation::kMaxSourceNotes) {
    root.Mistake("source", absl::StrCat("stands there more than ", reputation::kMaxSourceNotes,
                                        " times; divide the publication"));
  }
}

absl::StatusOr<Publication> FromTable(const TomlTable& root, const std::string& file) {
  Publication publication;
  publication.file = file;
  ReadRepository(root.Table("repository"), &publication);
  ReadKeys(root.Table("keys"), file, &publication);
  publication.guards = ReadGuards(root.Table("guards"));
  publication.schedule = ReadSchedule(root.Table("schedule"));
  ReadSources(root, &publication);
  CheckSecrets(root, publication);
  if (absl::Status s = root.Finish(); !s.ok()) return s;
  return publication;
}

}  // namespace

absl::StatusOr<Publication> ReadPublication(const std::string& path) {
  absl::StatusOr<TomlTable> root = TomlTable::ReadFile(path);
  if (!root.ok()) return root.status();
  return FromTable(*root, path);
}

absl::StatusOr<Publication> ParsePublication(absl::string_view text, const std::string& file) {
  absl::StatusOr<TomlTable> root = TomlTable::Parse(text, file);
  if (!root.ok()) return root.status();
  return FromTable(*root, file);
}

}  // namespace cloister::publisher
