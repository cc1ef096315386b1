// Answers for programs.
//
// One JSON document a command. Names are those of the messages and fields in proto/cloister/v1;
// values of enums are lower-case ("malicious", "not_listed"), numbers are numbers, points in time
// RFC 3339 in UTC, and what is not stated is null, "" or [].

#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "cloister/answer.h"

namespace cloister::cli {

using Json = nlohmann::ordered_json;

// Any message of the API.
Json JsonOf(const google::protobuf::Message& message);

// Like a LookupResponse; with "input" as it was given, "kind", "verdict" (the winner's, or null)
// and "error" (null, or "kind" and "message").
Json JsonOf(const std::string& input, absl::string_view kind, const Answer& answer);

// Indented, with a newline at its end. Bytes that are not UTF-8 are replaced.
std::string ToText(const Json& json);

}  // namespace cloister::cli
