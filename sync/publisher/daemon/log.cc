#include "sync/publisher/daemon/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "nlohmann/json.hpp"

namespace cloister::publisher {
namespace {

bool json_lines = false;

struct Level {
  spdlog::level::level_enum level;
  const char* name;
  int journal;  // sd-daemon(3)
};

Level LevelOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return {spdlog::level::info, "info", 6};
    case Severity::kWarning:
      return {spdlog::level::warn, "warning", 4};
    case Severity::kError:
      return {spdlog::level::err, "error", 3};
  }
  return {spdlog::level::info, "info", 6};
}

std::string Now() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
}

std::string JsonLine(const Level& level, const std::string& event, const LogFields& fields) {
  nlohmann::ordered_json line = {{"time", Now()}, {"level", level.name}, {"event", event}};
  for (const auto& [name, value] : fields) line[name] = value;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string TextLine(const Level& level, const std::string& event, const LogFields& fields) {
  const bool journal = getenv("JOURNAL_STREAM") != nullptr;  // NOLINT: nobody sets it
  std::string line = journal ? absl::StrCat("<", level.journal, ">", event)
                             : absl::StrCat(Now(), " ", level.name, " ", event);
  for (const auto& [name, value] : fields) {
    const bool plain = value.find_first_of(" \"\t\n\r\\") == std::string::npos && !value.empty();
    const std::string escaped = absl::Utf8SafeCHexEscape(value);
    absl::StrAppend(&line, " ", name, "=", plain ? escaped : absl::StrCat("\"", escaped, "\""));
  }
  return line;
}

}  // namespace

void SetUpLog(bool json) {
  json_lines = json;
  auto logger = std::make_shared<spdlog::logger>("cloister-publish",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
}

void Log(Severity severity, const std::string& event, const LogFields& fields) {
  const Level level = LevelOf(severity);
  spdlog::log(level.level, "{}",
              json_lines ? JsonLine(level, event, fields) : TextLine(level, event, fields));
}

}  // namespace cloister::publisher
