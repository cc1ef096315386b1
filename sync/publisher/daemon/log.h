// The daemon's log, on standard error: a line for each event, with fields.

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cloister::publisher {

enum class Severity { kInfo, kWarning, kError };

// Name and value.
using LogFields = std::vector<std::pair<std::string, std::string>>;

// Call before the first thread starts. Lines "time level event name=value …"; under systemd with
// the priority that its journal reads in place of time and level; or a JSON object each.
void SetUpLog(bool json);

// Thread-safe. Control characters in values are escaped: a line stays one line.
void Log(Severity severity, const std::string& event, const LogFields& fields = {});

}  // namespace cloister::publisher
