// Words that several commands print.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace cloister::bundle {

using Json = nlohmann::ordered_json;

std::string TimeText(absl::Time time);     // "2026-01-31 12:00 UTC"; "not stated"
Json TimeJson(absl::Time time);            // "2026-01-31T12:00:00Z"; null
std::string BytesText(uint64_t bytes);     // "12.3 MiB"
std::string DurationText(absl::Duration);  // "3 h", "12 d"
// "from nothing to version 8", "from version 5 to 8"
std::string StepText(uint64_t from, uint64_t to);

// The name of its RejectReason or status code.
std::string ReasonText(const absl::Status& status);

}  // namespace cloister::bundle
