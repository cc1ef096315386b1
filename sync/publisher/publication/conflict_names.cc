#include "sync/publisher/publication/conflict_names.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sync/publisher/publication/source_configuration.h"

namespace cloister::publisher {
namespace {

// What a source lists, by the bytes of its key.
using Listed = std::map<std::string, std::string>;

uint64_t BytesOnDisk(const LocatedSource& located) {
  uint64_t sum = 0;
  for (const std::string& file : located.files) {
    std::error_code error;
    const uintmax_t bytes = std::filesystem::file_size(file, error);
    sum += error ? 0 : bytes;
  }
  return sum;
}

// Fills in what the source lists of the keys in `wanted`, until all are found.
void FindListed(const PublicationSource& source, const LocatedSource& located, Listed* wanted) {
  absl::StatusOr<std::unique_ptr<feeds::FeedReader>> reader =
      feeds::NewFeedReader(source.format, ReadingOptions(source));
  if (!reader.ok()) return;
  size_t missing = wanted->size();
  const feeds::EntrySink sink = [wanted, &missing](const feeds::FeedEntry& entry) {
    const auto found = wanted->find(std::string(entry.key.bytes()));
    if (found == wanted->end() || !found->second.empty() || entry.listed.empty()) {
      return absl::OkStatus();
    }
    found->second = absl::CEscape(entry.listed.substr(0, feeds::FeedReport::kMaxExampleBytes));
    return --missing > 0 ? absl::OkStatus() : absl::CancelledError("all were found");
  };
  for (const std::string& file : located.files) {
    feeds::FeedReport unused(source.name);
    // It was read a moment ago; what it does not tell now stays a key.
    if (!(*reader)->Read(feeds::FeedSource(file), sink, &unused).ok()) return;
  }
}

std::string SaidBy(const reputation::Record& record) {
  return record.excluded ? "excluded" : std::string(reputation::VerdictName(record.verdict));
}

}  // namespace

std::vector<NamedConflict> NameConflicts(const MergeReport& merges,
                                         const std::vector<PublicationSource>& sources,
                                         const std::vector<LocatedSource>& located,
                                         uint64_t max_bytes) {
  std::map<uint16_t, Listed> by_source;
  for (const MergeConflict& conflict : merges.examples) {
    by_source[conflict.winner][std::string(conflict.key.bytes())];
  }
  for (auto& [number, wanted] : by_source) {
    if (BytesOnDisk(located[number]) > max_bytes) continue;
    FindListed(sources[number], located[number], &wanted);
  }
  std::vector<NamedConflict> named;
  for (const MergeConflict& conflict : merges.examples) {
    NamedConflict& words = named.emplace_back();
    const std::string key(conflict.key.bytes());
    const std::string& listed = by_source[conflict.winner][key];
    words.is_listed = !listed.empty();
    words.object = words.is_listed ? listed : absl::BytesToHexString(key);
    words.winner = sources[conflict.winner].name;
    words.loser = sources[conflict.loser].name;
    words.kept = SaidBy(conflict.kept);
    words.overruled = SaidBy(conflict.overruled);
  }
  return named;
}

}  // namespace cloister::publisher
