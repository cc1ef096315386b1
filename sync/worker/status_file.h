// What cloister-sync knows about its feeds, as a file for people and monitoring:
//
//   {"feeds": [{"feed": "threats", "version": 7, "timestamp_version": 12,
//               "issued": "2026-01-02T03:04:05Z", "expired": false, "outcome": "handed_over",
//               "source": "https://feeds.example/threats/", "bytes_fetched": 10240,
//               "last_success": "…", "failures": 0, "next_try": "…",
//               "last_error": {"time": "…", "reason": "target_missing", "message": "…"},
//               "sources": [{"source": "https://feeds.example/threats/", "failures": 0,
//                            "not_before": null, "last_error": null}]}]}
//
// Fields that are not known yet are null; "reason" is a RejectReason's name or a status code's.
// "bytes_fetched" is of the last run that succeeded; "source" is what served it, "bundle …" if it
// came offline; "last_error" of a source is null once it served again.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/worker/feed_cycle.h"
#include "sync/worker/feed_sources.h"

namespace cloister::worker {

struct FeedStatus {
  std::string feed;
  std::optional<CycleResult> last_result;  // of the last run that succeeded
  std::string source;                      // that it came from
  std::vector<SourceStatus> sources;
  absl::Time last_success;
  absl::Status last_error;  // OK if there was none
  absl::Time last_error_time;
  uint32_t failures = 0;  // in a row
  absl::Time next_try;
};

// "target_missing" …, or "unavailable" … where no RejectReason is known.
std::string ErrorReason(const absl::Status& status);

std::string FormatStatus(const std::vector<FeedStatus>& feeds);

// Replaces the file whole; readable by the owner's group.
absl::Status WriteStatusFile(const std::string& path, const std::vector<FeedStatus>& feeds);

// What FormatStatus made, as far as a status shows it. NotFound if there is no file yet; DataLoss,
// naming it, if it is something else.
absl::StatusOr<std::vector<FeedStatus>> ReadStatusFile(const std::string& path);

}  // namespace cloister::worker
