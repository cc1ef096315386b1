#include "server/log/event_log.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace cloister::server {
namespace {

spdlog::level::level_enum ToSpdlog(EventLog::Level level) {
  switch (level) {
    case EventLog::Level::kDebug:
      return spdlog::level::debug;
    case EventLog::Level::kInfo:
      return spdlog::level::info;
    case EventLog::Level::kWarning:
      return spdlog::level::warn;
    case EventLog::Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* Name(EventLog::Level level) {
  switch (level) {
    case EventLog::Level::kDebug:
      return "debug";
    case EventLog::Level::kInfo:
      return "info";
    case EventLog::Level::kWarning:
      return "warning";
    case EventLog::Level::kError:
      return "error";
  }
  return "info";
}

std::string Now() {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
}

bool NeedsQuotes(absl::string_view value) {
  if (value.empty()) return true;
  for (unsigned char c : value) {
    if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

EventLog::EventLog(const Options& options)
    : json_(options.json),
      logger_(std::make_shared<spdlog::logger>("cloister",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::from_str(options.level));
  logger_->flush_on(spdlog::level::debug);
}

EventLog::~EventLog() = default;

void EventLog::Write(Level level, absl::string_view message, const Fields& fields) const {
  const spdlog::level::level_enum number = ToSpdlog(level);
  if (!logger_->should_log(number)) return;
  const std::string line =
      json_ ? FormatJson(Now(), level, message, fields)
            : absl::StrCat(Now(), " ", Name(level), " ", FormatText(message, fields));
  logger_->log(number, spdlog::string_view_t(line.data(), line.size()));
}

std::string FormatText(absl::string_view message, const EventLog::Fields& fields) {
  std::string line = absl::Utf8SafeCEscape(message);
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&line, " ", name, "=");
    if (NeedsQuotes(value)) {
      absl::StrAppend(&line, "\"", absl::Utf8SafeCEscape(value), "\"");
    } else {
      absl::StrAppend(&line, value);
    }
  }
  return line;
}

std::string FormatJson(absl::string_view time, EventLog::Level level, absl::string_view message,
                       const EventLog::Fields& fields) {
  nlohmann::ordered_json line;
  line["time"] = std::string(time);
  line["level"] = Name(level);
  line["message"] = std::string(message);
  for (const auto& [name, value] : fields) line[name] = value;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace cloister::server
