#include "sync/publisher/daemon/daemon_status.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

using nlohmann::ordered_json;

ordered_json TimeOrNull(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

ordered_json TextOrNull(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json ToJson(const SourceState& source) {
  return {{"source", source.name},
          {"looked_at", TimeOrNull(source.looked_at)},
          {"vouched_at", TimeOrNull(source.vouched_at)},
          {"next_look", TimeOrNull(source.next_look)},
          {"not_before", TimeOrNull(source.not_before)},
          {"failures", source.failures},
          {"error", TextOrNull(source.error)},
          {"seen", source.seen},
          {"tried", source.tried},
          {"published", source.published}};
}

// The other way round; whatever has the wrong type counts as not known.

ordered_json Member(const ordered_json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? ordered_json(nullptr) : *found;
}

std::string Text(const ordered_json& value, const char* name) {
  const ordered_json member = Member(value, name);
  return member.is_string() ? member.get<std::string>() : "";
}

uint64_t Number(const ordered_json& value, const char* name) {
  const ordered_json member = Member(value, name);
  return member.is_number_unsigned() ? member.get<uint64_t>() : 0;
}

absl::Time TimeOf(const ordered_json& value, const char* name) {
  absl::Time time;
  std::string error;
  const bool good = absl::ParseTime(absl::RFC3339_full, Text(value, name), &time, &error);
  return good ? time : absl::InfinitePast();
}

SourceState SourceFromJson(const ordered_json& value) {
  SourceState source;
  source.name = Text(value, "source");
  source.looked_at = TimeOf(value, "looked_at");
  source.vouched_at = TimeOf(value, "vouched_at");
  source.next_look = TimeOf(value, "next_look");
  source.not_before = TimeOf(value, "not_before");
  source.failures = static_cast<uint32_t>(Number(value, "failures"));
  source.error = Text(value, "error");
  source.seen = Text(value, "seen");
  source.tried = Text(value, "tried");
  source.published = Text(value, "published");
  return source;
}

std::string Since(absl::Time time, absl::Time now) {
  if (time == absl::InfinitePast()) return "never";
  return absl::StrCat(absl::FormatDuration(absl::Floor(now - time, absl::Seconds(1))), " ago");
}

// Errors may quote what a server sent; nothing in them steers the terminal.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); }, '?');
  return text;
}

}  // namespace

std::string DaemonStatusPath(const Publication& publication) {
  return absl::StrCat(publication.state_directory, "/status.json");
}

absl::Status WriteDaemonStatus(const std::string& path, const DaemonStatus& status) {
  ordered_json json = {{"feed", status.feed},
                       {"version", status.version},
                       {"records", status.records},
                       {"timestamp_expires", TimeOrNull(status.timestamp_expires)},
                       {"last_build",
                        {{"time", TimeOrNull(status.last_build)},
                         {"outcome", TextOrNull(status.outcome)},
                         {"failures", status.failures},
                         {"error", TextOrNull(status.error)}}},
                       {"vouching_error", TextOrNull(status.vouching_error)},
                       {"next_look", TimeOrNull(status.next_look)},
                       {"configuration", status.configuration},
                       {"repository", TextOrNull(status.repository)},
                       {"sources", ordered_json::array()}};
  for (const SourceState& source : status.sources) json["sources"].push_back(ToJson(source));
  return storage::WriteFileAtomically(
      path, json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n", 0640);
}

DaemonStatus ReadDaemonStatus(const std::string& path) {
  constexpr uint64_t kMaxBytes = 16 << 20;
  DaemonStatus status;
  const auto text = storage::ReadFile(path, kMaxBytes);
  if (!text.ok()) return status;
  const ordered_json json = ordered_json::parse(*text, nullptr, false);
  const ordered_json build = Member(json, "last_build");
  status.feed = Text(json, "feed");
  status.version = Number(json, "version");
  status.records = Number(json, "records");
  status.timestamp_expires = TimeOf(json, "timestamp_expires");
  status.last_build = TimeOf(build, "time");
  status.outcome = Text(build, "outcome");
  status.failures = static_cast<uint32_t>(Number(build, "failures"));
  status.error = Text(build, "error");
  status.vouching_error = Text(json, "vouching_error");
  status.next_look = TimeOf(json, "next_look");
  status.configuration = Text(json, "configuration");
  status.repository = Text(json, "repository");
  const ordered_json sources = Member(json, "sources");
  if (!sources.is_array()) return status;
  for (const ordered_json& source : sources) status.sources.push_back(SourceFromJson(source));
  return status;
}

std::string DaemonStatusText(const DaemonStatus& status, absl::Time now) {
  std::string text =
      absl::StrCat("feed ", status.feed, ", version ", status.version, ", ", status.records,
                   " records\nlast build ", Since(status.last_build, now), ": ", status.outcome);
  if (!status.error.empty()) absl::StrAppend(&text, ", ", Printable(status.error));
  if (status.timestamp_expires == absl::InfinitePast()) {
    absl::StrAppend(&text, "\nnothing is published yet");
  } else {
    absl::StrAppend(
        &text, "\ntimestamp good until ",
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", status.timestamp_expires, absl::UTCTimeZone()));
  }
  if (!status.vouching_error.empty()) {
    absl::StrAppend(&text, ", not refreshed: ", Printable(status.vouching_error));
  }
  for (const SourceState& source : status.sources) {
    absl::StrAppend(&text, "\n  ", source.name, ": looked at ", Since(source.looked_at, now),
                    ", as published ", Since(source.vouched_at, now));
    if (!source.error.empty()) {
      absl::StrAppend(&text, "; failed ", source.failures, " times: ", Printable(source.error));
    }
  }
  return text + "\n";
}

}  // namespace cloister::publisher
