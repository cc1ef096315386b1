#include "sync/publisher/publication/held_file.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

constexpr size_t kBlockBytes = 1 << 16;
constexpr char kHeader[] = "# object\tguard\twhy\taction\tsource\tverdict\n";

}  // namespace

absl::StatusOr<HeldFile> HeldFile::Create(const std::string& state_directory) {
  absl::Status made = storage::MakeDirectories(state_directory);
  if (!made.ok()) return made;
  absl::StatusOr<storage::TemporaryFile> file = storage::TemporaryFile::Create(state_directory);
  if (!file.ok()) return file.status();
  HeldFile held(*std::move(file), absl::StrCat(state_directory, "/held.tsv"));
  held.pending_ = kHeader;
  return held;
}

absl::Status HeldFile::Add(absl::string_view source, const feeds::FeedEntry& entry,
                           const GuardFinding& finding) {
  absl::StrAppend(&pending_, HeldLine(finding, entry), "\t", GuardActionName(finding.action), "\t",
                  source, "\t", reputation::VerdictName(entry.record.verdict), "\n");
  if (pending_.size() < kBlockBytes) return absl::OkStatus();
  absl::Status appended = file_.Append(pending_);
  pending_.clear();
  return appended;
}

absl::StatusOr<std::string> HeldFile::Commit() {
  absl::Status done = file_.Append(pending_);
  if (done.ok()) done = file_.Commit(path_);
  if (!done.ok()) return done;
  return path_;
}

}  // namespace cloister::publisher
