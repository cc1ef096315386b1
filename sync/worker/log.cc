#include "sync/worker/log.h"

#include <stdlib.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace cloister::worker {
namespace {

bool json_format = false;

spdlog::level::level_enum ToLevel(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return spdlog::level::debug;
    case Severity::kInfo:
      return spdlog::level::info;
    case Severity::kWarning:
      return spdlog::level::warn;
    case Severity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string FormatJsonLine(Severity severity, const std::string& event, const LogFields& fields) {
  nlohmann::ordered_json line = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())},
      {"level", spdlog::level::to_string_view(ToLevel(severity)).data()},
      {"event", event}};
  for (const auto& [name, value] : fields) line[name] = value;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// The number that the journal takes for a priority (sd-daemon(3)).
int JournalPriority(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return 7;
    case Severity::kInfo:
      return 6;
    case Severity::kWarning:
      return 4;
    case Severity::kError:
      return 3;
  }
  return 6;
}

std::string FormatText(Severity severity, const std::string& event, const LogFields& fields) {
  const std::string line = FormatTextLine(event, fields);
  if (getenv("JOURNAL_STREAM") != nullptr) {
    return absl::StrCat("<", JournalPriority(severity), ">", line);
  }
  return absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ ", absl::Now(), absl::UTCTimeZone()),
                      spdlog::level::to_string_view(ToLevel(severity)).data(), " ", line);
}

}  // namespace

std::string FormatTextLine(const std::string& event, const LogFields& fields) {
  std::string line = event;
  for (const auto& [name, value] : fields) {
    const bool plain = value.find_first_of(" \"\t\n\r\\") == std::string::npos && !value.empty();
    const std::string escaped = absl::Utf8SafeCHexEscape(value);
    absl::StrAppend(&line, " ", name, "=", plain ? escaped : absl::StrCat("\"", escaped, "\""));
  }
  return line;
}

void SetUpLog(const LogConfiguration& configuration) {
  json_format = configuration.format == "json";
  auto logger = std::make_shared<spdlog::logger>("cloister-sync",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::from_str(configuration.level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
}

void Log(Severity severity, const std::string& event, const LogFields& fields) {
  if (!spdlog::should_log(ToLevel(severity))) return;
  const std::string line =
      json_format ? FormatJsonLine(severity, event, fields) : FormatText(severity, event, fields);
  spdlog::log(ToLevel(severity), "{}", line);
}

}  // namespace cloister::worker
