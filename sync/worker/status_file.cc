#include "sync/worker/status_file.h"

#include "absl/strings/ascii.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::worker {
namespace {

using nlohmann::ordered_json;

ordered_json TimeOrNull(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::Time()) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

ordered_json ErrorOrNull(const FeedStatus& feed) {
  if (feed.last_error.ok()) return nullptr;
  return {{"time", TimeOrNull(feed.last_error_time)},
          {"reason", ErrorReason(feed.last_error)},
          {"message", std::string(reputation::MessageWithoutReason(feed.last_error))}};
}

ordered_json ToJson(const FeedStatus& feed) {
  ordered_json json = {{"feed", feed.feed},
                       {"version", nullptr},
                       {"timestamp_version", nullptr},
                       {"issued", nullptr},
                       {"outcome", nullptr}};
  if (feed.last_result.has_value()) {
    json["version"] = feed.last_result->version;
    json["timestamp_version"] = feed.last_result->timestamp_version;
    json["issued"] = TimeOrNull(feed.last_result->issued);
    json["outcome"] = std::string(OutcomeName(feed.last_result->outcome));
  }
  json["last_success"] = TimeOrNull(feed.last_success);
  json["failures"] = feed.failures;
  json["next_try"] = TimeOrNull(feed.next_try);
  json["last_error"] = ErrorOrNull(feed);
  return json;
}

}  // namespace

std::string ErrorReason(const absl::Status& status) {
  const auto reason = reputation::ReasonOf(status);
  if (reason.has_value()) return std::string(reputation::RejectReasonName(*reason));
  return absl::AsciiStrToLower(absl::StatusCodeToString(status.code()));
}

std::string FormatStatus(const std::vector<FeedStatus>& feeds) {
  ordered_json list = ordered_json::array();
  for (const FeedStatus& feed : feeds) list.push_back(ToJson(feed));
  // Messages may quote what a server sent; bytes that are no UTF-8 become replacement characters.
  return ordered_json{{"feeds", list}}.dump(2, ' ', false, ordered_json::error_handler_t::replace) +
         "\n";
}

absl::Status WriteStatusFile(const std::string& path, const std::vector<FeedStatus>& feeds) {
  return storage::WriteFileAtomically(path, FormatStatus(feeds), 0640);
}

}  // namespace cloister::worker
