#include "server/admin/feed_info.h"

#include <algorithm>
#include <string>

#include "reputation/reject_reason.h"
#include "server/lookup/answerer.h"
#include "server/lookup/proto_conversion.h"
#include "server/updates/update_metrics.h"

namespace cloister::server {
namespace {

v1::FeedHealth HealthOf(const storage::ServedFeed& served, const FeedReport& report,
                        absl::Time now) {
  if (served.version == 0) return v1::FEED_HEALTH_EMPTY;
  if (report.expires <= now) return v1::FEED_HEALTH_EXPIRED;
  return report.refusal.ok() ? v1::FEED_HEALTH_SERVING : v1::FEED_HEALTH_UPDATE_REFUSED;
}

bool IsFinite(absl::Time time) {
  return time != absl::InfinitePast() && time != absl::InfiniteFuture();
}

}  // namespace

bool AllFeedsServe(const storage::Generation& generation) {
  return std::all_of(generation.feeds().begin(), generation.feeds().end(),
                     [](const storage::ServedFeed& feed) { return feed.version != 0; });
}

void SetFeed(const storage::ServedFeed& served, const FeedConfig& config, const FeedReport& report,
             absl::Time now, v1::Feed* out) {
  out->set_name(config.name);
  out->set_health(HealthOf(served, report, now));
  out->set_priority(config.priority);
  out->set_authoritative(config.authoritative);
  if (IsFinite(report.expires)) SetTimestamp(report.expires, out->mutable_expires_at());
  if (!report.refusal.ok()) {
    out->set_reject_reason(RejectionName(report.refusal));
    out->set_reject_message(std::string(reputation::MessageWithoutReason(report.refusal)));
  }
  if (served.version == 0) return;
  out->set_version(served.version);
  out->set_data_age_s(DataAgeSeconds(served, now));
  out->set_records(served.records);
  for (const std::string& name : served.coverage.Names()) out->add_coverage(name);
  out->set_packs(static_cast<uint32_t>(served.packs.size()));
  out->set_pack_bytes(served.pack_bytes);
  out->set_content_digest(served.digest.ToString());
  if (IsFinite(report.serving_since)) {
    SetTimestamp(report.serving_since, out->mutable_serving_since());
  }
}

void SetFeedVersionInfo(const storage::ServedFeed& kept, bool serving, v1::FeedVersionInfo* out) {
  out->set_version(kept.version);
  out->set_serving(serving);
  out->set_records(kept.records);
  out->set_packs(static_cast<uint32_t>(kept.packs.size()));
  out->set_pack_bytes(kept.pack_bytes);
  if (IsFinite(kept.published)) SetTimestamp(kept.published, out->mutable_published_at());
}

}  // namespace cloister::server
