#include "sync/bundle/cli/verdict_changes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reputation/record.h"
#include "reputation/verdict.h"

namespace cloister::bundle {
namespace {

// Passes over labels.
void ToRecord(storage::EntryCursor& cursor) {
  while (cursor.Valid() && storage::LabelIdFromKey(cursor.key()).has_value()) cursor.Next();
}

absl::StatusOr<std::string> VerdictOf(absl::string_view value) {
  absl::StatusOr<reputation::Record> record = reputation::DecodeRecord(value);
  if (!record.ok()) return record.status();
  if (record->excluded) return "excluded";
  return std::string(reputation::VerdictName(record->verdict));
}

}  // namespace

absl::StatusOr<VerdictChanges> CompareVersions(storage::EntryCursor& before,
                                               storage::EntryCursor& after) {
  VerdictChanges result;
  for (;;) {
    ToRecord(before);
    ToRecord(after);
    if (!before.Valid() && !after.Valid()) break;
    const bool has_before = before.Valid() && (!after.Valid() || before.key() <= after.key());
    const bool has_after = after.Valid() && (!before.Valid() || after.key() <= before.key());
    if (has_before && has_after && before.value() == after.value()) {
      result.unchanged += 1;
    } else {
      absl::StatusOr<std::string> from = has_before ? VerdictOf(before.value()) : "";
      if (!from.ok()) return from.status();
      absl::StatusOr<std::string> to = has_after ? VerdictOf(after.value()) : "";
      if (!to.ok()) return to.status();
      (*from == *to ? result.altered : result.changes[{*from, *to}]) += 1;
    }
    if (has_before) before.Next();
    if (has_after) after.Next();
  }
  if (!before.status().ok()) return before.status();
  if (!after.status().ok()) return after.status();
  return result;
}

std::vector<std::string> InWords(const VerdictChanges& changes) {
  std::vector<std::pair<uint64_t, std::string>> lines;
  for (const auto& [verdicts, count] : changes.changes) {
    const auto& [from, to] = verdicts;
    if (from.empty()) {
      lines.emplace_back(count, absl::StrCat(count, " ", to, " added"));
    } else if (to.empty()) {
      lines.emplace_back(count, absl::StrCat(count, " ", from, " removed"));
    } else {
      lines.emplace_back(count,
                         absl::StrCat(count, " ", from, count == 1 ? " becomes " : " become ", to));
    }
  }
  if (changes.altered > 0) {
    lines.emplace_back(changes.altered,
                       absl::StrCat(changes.altered, " altered, with the same verdict"));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> words;
  for (auto& line : lines) words.push_back(std::move(line.second));
  return words;
}

}  // namespace cloister::bundle
