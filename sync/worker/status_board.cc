#include "sync/worker/status_board.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"
#include "sync/worker/log.h"

namespace cloister::worker {
namespace {

// What says how old the data is that this machine trusts now.
std::optional<trust::Timestamp> TrustedTimestamp(const std::string& feed_directory) {
  const trust::Limits limits;
  auto bytes =
      storage::ReadFile(feed_directory + "/trust/timestamp.json", limits.max_timestamp_bytes);
  if (!bytes.ok()) return std::nullopt;
  auto file = trust::ParseSigned(*bytes, trust::Role::kTimestamp, limits);
  if (!file.ok()) return std::nullopt;
  auto timestamp = trust::ParseTimestamp(*file);
  if (!timestamp.ok()) return std::nullopt;
  return *std::move(timestamp);
}

void Note(const trust::BundleImport& bundle, const trust::FeedImport& import,
          const std::string& feed_directory, FeedStatus* status) {
  if (import.state == "refused") {
    status->last_error = absl::FailedPreconditionError(
        absl::StrCat("bundle ", bundle.bundle, ": ", import.reason, ": ", import.message));
    status->last_error_time = bundle.finished;
    return;
  }
  CycleResult result;
  result.outcome = import.state == "unchanged" ? CycleResult::Outcome::kUnchanged
                                               : CycleResult::Outcome::kHandedOver;
  result.version = import.version;
  result.expired = import.expired;
  const auto timestamp = TrustedTimestamp(feed_directory);
  result.issued = timestamp.has_value() ? timestamp->issued : absl::InfinitePast();
  result.timestamp_version = timestamp.has_value() ? timestamp->version : 0;
  if (status->last_result.has_value()) {
    result.minimum_poll_interval = status->last_result->minimum_poll_interval;
  }
  status->last_result = result;
  status->source = absl::StrCat("bundle ", bundle.bundle);
  status->last_success = bundle.finished;
  if (status->sources.empty()) status->failures = 0;  // it comes in bundles alone
}

}  // namespace

std::string StatusPath(const Configuration& configuration) {
  return absl::StrCat(configuration.state_directory, "/status.json");
}

std::vector<FeedStatus> KnownStatus(const Configuration& configuration) {
  const auto known = ReadStatusFile(StatusPath(configuration));
  std::vector<FeedStatus> feeds;
  for (const FeedConfiguration& feed : configuration.feeds) {
    FeedStatus& status = feeds.emplace_back();
    status.feed = feed.name;
    if (!known.ok()) continue;
    for (const FeedStatus& before : *known) {
      if (before.feed == feed.name) status = before;
    }
  }
  return feeds;
}

StatusBoard::StatusBoard(const Configuration& configuration)
    : path_(StatusPath(configuration)),
      state_directory_(configuration.state_directory),
      feeds_(KnownStatus(configuration)) {}

FeedStatus StatusBoard::Get(size_t feed) const {
  absl::MutexLock lock(&mu_);
  return feeds_[feed];
}

void StatusBoard::Update(size_t feed, const FeedStatus& status) {
  absl::MutexLock lock(&mu_);
  FeedStatus merged = status;
  if (feeds_[feed].last_success > status.last_success) {  // a bundle came meanwhile
    merged.last_result = feeds_[feed].last_result;
    merged.source = feeds_[feed].source;
    merged.last_success = feeds_[feed].last_success;
  }
  feeds_[feed] = std::move(merged);
  Write();
}

void StatusBoard::Scrubbed(const std::string& feed, const absl::Status& status, absl::Time now) {
  absl::MutexLock lock(&mu_);
  for (FeedStatus& known : feeds_) {
    if (known.feed != feed || (status.ok() && known.failures == 0)) continue;
    known.failures = status.ok() ? 0 : known.failures + 1;
    if (!status.ok()) {
      known.last_error = status;
      known.last_error_time = now;
    }
    Write();
  }
}

void StatusBoard::Imported(const trust::BundleImport& import) {
  absl::MutexLock lock(&mu_);
  for (const trust::FeedImport& feed : import.feeds) {
    for (FeedStatus& status : feeds_) {
      if (status.feed != feed.feed) continue;
      Note(import, feed, absl::StrCat(state_directory_, "/", feed.feed), &status);
    }
  }
  Write();
}

void StatusBoard::Write() {
  absl::Status written = WriteStatusFile(path_, feeds_);
  if (written.ok()) return;
  Log(Severity::kError, "status_file", {{"message", std::string(written.message())}});
}

}  // namespace cloister::worker
