// The log of cloister-sync, on standard error: a line for each event, with fields.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sync/worker/configuration.h"

namespace cloister::worker {

enum class Severity { kDebug, kInfo, kWarning, kError };

// Name and value.
using LogFields = std::vector<std::pair<std::string, std::string>>;

// Call before the first thread starts. Format "text": "event name=value …", with the time in front
// or, under systemd, with the priority that its journal reads. Format "json": an object a line.
void SetUpLog(const LogConfiguration& configuration);

// Thread-safe. Control characters in values are escaped: a line stays one line.
void Log(Severity severity, const std::string& event, const LogFields& fields = {});

// One line as Log writes it, its time and priority apart.
std::string FormatTextLine(const std::string& event, const LogFields& fields);

}  // namespace cloister::worker
