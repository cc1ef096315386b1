// Structured log: one line an event, as text or JSON, to standard error.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace cloister::server {

// Thread-safe. No lookup is ever passed to it.
class EventLog {
 public:
  enum class Level { kDebug, kInfo, kWarning, kError };
  // Name and value of what belongs to the event: {"feed", "threats"}.
  using Fields = std::vector<std::pair<std::string, std::string>>;

  struct Options {
    std::string level = "info";  // "debug", "info", "warning" or "error": what is written at least
    bool json = false;
  };

  explicit EventLog(const Options& options);
  ~EventLog();

  // `message` is the same text for every event of its kind. Whatever values hold, the event stays
  // one line.
  void Write(Level level, absl::string_view message, const Fields& fields = {}) const;

 private:
  bool json_;
  std::shared_ptr<spdlog::logger> logger_;
};

// The text after time and level: `message name=value name="value with spaces"`.
std::string FormatText(absl::string_view message, const EventLog::Fields& fields);
// One JSON object.
std::string FormatJson(absl::string_view time, EventLog::Level level, absl::string_view message,
                       const EventLog::Fields& fields);

}  // namespace cloister::server
