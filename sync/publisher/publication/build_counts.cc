#include "sync/publisher/publication/build_counts.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxBytes = 1 << 20;
constexpr char kSources[] = "sources";
constexpr char kEntries[] = "entries";

}  // namespace

std::string BuildCountsPath(const std::string& state_directory) {
  return absl::StrCat(state_directory, "/sources.json");
}

absl::StatusOr<BuildCounts> ReadBuildCounts(const std::string& state_directory) {
  const std::string path = BuildCountsPath(state_directory);
  absl::StatusOr<std::string> text = storage::ReadFile(path, kMaxBytes);
  if (absl::IsNotFound(text.status())) return BuildCounts();
  if (!text.ok()) return text.status();
  const absl::Status damaged = absl::InvalidArgumentError(
      absl::StrCat(path,
                   ": is damaged. Remove it: then no source is compared with the last "
                   "build, once"));
  const json value = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains(kSources) || !value[kSources].is_object()) {
    return damaged;
  }
  BuildCounts counts;
  for (const auto& [name, source] : value[kSources].items()) {
    if (!source.is_object() || !source.contains(kEntries) ||
        !source[kEntries].is_number_unsigned()) {
      return damaged;
    }
    counts[name] = source[kEntries].get<uint64_t>();
  }
  return counts;
}

absl::Status WriteBuildCounts(const std::string& state_directory, const BuildCounts& counts) {
  absl::Status made = storage::MakeDirectories(state_directory);
  if (!made.ok()) return made;
  json sources = json::object();
  for (const auto& [name, entries] : counts) sources[name] = {{kEntries, entries}};
  return storage::WriteFileAtomically(BuildCountsPath(state_directory),
                                      json{{kSources, sources}}.dump(2) + "\n");
}

}  // namespace cloister::publisher
