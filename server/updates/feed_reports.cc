#include "server/updates/feed_reports.h"

namespace cloister::server {

FeedReports::FeedReports(const std::vector<std::string>& feeds) {
  absl::MutexLock lock(&mutex_);
  for (const std::string& feed : feeds) reports_[feed] = FeedReport();
}

FeedReport FeedReports::Of(absl::string_view feed) const {
  absl::MutexLock lock(&mutex_);
  auto found = reports_.find(std::string(feed));
  return found == reports_.end() ? FeedReport() : found->second;
}

void FeedReports::SetServing(absl::string_view feed, uint64_t version, absl::Time since) {
  absl::MutexLock lock(&mutex_);
  FeedReport& report = reports_[std::string(feed)];
  if (report.version == version) return;
  report.version = version;
  report.serving_since = since;
}

void FeedReports::SetRefused(absl::string_view feed, const absl::Status& refusal, absl::Time at,
                             absl::Time expires) {
  absl::MutexLock lock(&mutex_);
  FeedReport& report = reports_[std::string(feed)];
  report.refusal = refusal;
  report.refused_at = at;
  report.expires = expires;
}

void FeedReports::ClearRefusal(absl::string_view feed, absl::Time expires) {
  absl::MutexLock lock(&mutex_);
  FeedReport& report = reports_[std::string(feed)];
  report.refusal = absl::OkStatus();
  report.expires = expires;
}

}  // namespace cloister::server
