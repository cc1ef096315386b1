#include "sync/worker/status_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
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

ordered_json ErrorOrNull(const absl::Status& error, absl::Time time) {
  if (error.ok()) return nullptr;
  return {{"time", TimeOrNull(time)},
          {"reason", ErrorReason(error)},
          {"message", std::string(reputation::MessageWithoutReason(error))}};
}

ordered_json ToJson(const SourceStatus& source) {
  return {{"source", source.source},
          {"failures", source.failures},
          {"not_before", TimeOrNull(source.not_before)},
          {"last_error", ErrorOrNull(source.last_error, absl::InfinitePast())}};
}

ordered_json ToJson(const FeedStatus& feed) {
  ordered_json json = {{"feed", feed.feed}};
  for (const char* name : {"version", "timestamp_version", "issued", "expired", "outcome", "source",
                           "bytes_fetched"}) {
    json[name] = nullptr;
  }
  if (feed.last_result.has_value()) {
    json["version"] = feed.last_result->version;
    json["timestamp_version"] = feed.last_result->timestamp_version;
    json["issued"] = TimeOrNull(feed.last_result->issued);
    json["expired"] = feed.last_result->expired;
    json["outcome"] = std::string(OutcomeName(feed.last_result->outcome));
    json["source"] = feed.source;
    json["bytes_fetched"] = feed.last_result->bytes_fetched;
  }
  json["last_success"] = TimeOrNull(feed.last_success);
  json["failures"] = feed.failures;
  json["next_try"] = TimeOrNull(feed.next_try);
  json["last_error"] = ErrorOrNull(feed.last_error, feed.last_error_time);
  json["sources"] = ordered_json::array();
  for (const SourceStatus& source : feed.sources) json["sources"].push_back(ToJson(source));
  return json;
}

// The other way round; whatever has the wrong type counts as not known.

const ordered_json& ListIn(const ordered_json& value, const char* name) {
  static const ordered_json kEmpty = ordered_json::array();
  if (!value.is_object()) return kEmpty;
  const auto found = value.find(name);
  return found != value.end() && found->is_array() ? *found : kEmpty;
}

std::string Text(const ordered_json& value, const char* name) {
  if (!value.is_object()) return "";
  const auto found = value.find(name);
  return found != value.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t Number(const ordered_json& value, const char* name) {
  if (!value.is_object()) return 0;
  const auto found = value.find(name);
  return found != value.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

absl::Time TimeOf(const ordered_json& value, const char* name) {
  absl::Time time;
  std::string error;
  const bool good = absl::ParseTime(absl::RFC3339_full, Text(value, name), &time, &error);
  return good ? time : absl::InfinitePast();
}

absl::Status ErrorFromJson(const ordered_json& value) {
  const std::string name = Text(value, "reason");
  const std::string message = Text(value, "message");
  for (const reputation::RejectReason reason : reputation::AllRejectReasons()) {
    if (reputation::RejectReasonName(reason) == name) return reputation::Rejected(reason, message);
  }
  for (int code = 1; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), message);
    if (ErrorReason(status) == name) return status;
  }
  return absl::OkStatus();
}

SourceStatus SourceFromJson(const ordered_json& value) {
  return {Text(value, "source"), static_cast<uint32_t>(Number(value, "failures")),
          value.is_object() ? ErrorFromJson(value.value("last_error", ordered_json()))
                            : absl::OkStatus(),
          TimeOf(value, "not_before")};
}

std::optional<CycleResult> ResultFromJson(const ordered_json& value) {
  CycleResult result;
  result.version = Number(value, "version");
  if (result.version == 0) return std::nullopt;
  result.timestamp_version = Number(value, "timestamp_version");
  result.issued = TimeOf(value, "issued");
  result.bytes_fetched = Number(value, "bytes_fetched");
  const auto expired = value.find("expired");
  result.expired = expired != value.end() && *expired == true;
  for (const auto outcome : {CycleResult::Outcome::kUnchanged, CycleResult::Outcome::kRefreshed,
                             CycleResult::Outcome::kHandedOver}) {
    if (OutcomeName(outcome) == Text(value, "outcome")) result.outcome = outcome;
  }
  return result;
}

FeedStatus FeedFromJson(const ordered_json& value) {
  FeedStatus feed;
  feed.feed = Text(value, "feed");
  feed.last_result = ResultFromJson(value);
  feed.source = Text(value, "source");
  feed.last_success = TimeOf(value, "last_success");
  feed.failures = static_cast<uint32_t>(Number(value, "failures"));
  feed.next_try = TimeOf(value, "next_try");
  for (const ordered_json& source : ListIn(value, "sources")) {
    feed.sources.push_back(SourceFromJson(source));
  }
  if (!value.is_object() || !value.contains("last_error")) return feed;
  feed.last_error = ErrorFromJson(value["last_error"]);
  feed.last_error_time = TimeOf(value["last_error"], "time");
  return feed;
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

absl::StatusOr<std::vector<FeedStatus>> ReadStatusFile(const std::string& path) {
  constexpr uint64_t kMaxBytes = 16 << 20;
  auto text = storage::ReadFile(path, kMaxBytes);
  if (!text.ok()) return text.status();
  const ordered_json value = ordered_json::parse(*text, nullptr, false);
  std::vector<FeedStatus> feeds;
  for (const ordered_json& feed : ListIn(value, "feeds")) feeds.push_back(FeedFromJson(feed));
  if (value.is_object() && value.contains("feeds")) return feeds;
  return absl::DataLossError(absl::StrCat(path, " is not a status of cloister-sync; remove it"));
}

}  // namespace cloister::worker
