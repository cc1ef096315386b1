// What cloister-sync knows about its feeds, as a file for people and monitoring:
//
//   {"feeds": [{"feed": "threats", "version": 7, "timestamp_version": 12,
//               "issued": "2026-01-02T03:04:05Z", "outcome": "handed_over",
//               "last_success": "…", "failures": 0, "next_try": "…",
//               "last_error": {"time": "…", "reason": "target_missing", "message": "…"}}]}
//
// Fields that are not known yet are null; "reason" is a RejectReason's name or a status code's.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/worker/feed_cycle.h"

namespace cloister::worker {

struct FeedStatus {
  std::string feed;
  std::optional<CycleResult> last_result;  // of the last run that succeeded
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

}  // namespace cloister::worker
