// JSON documents (RFC 8259) larger than memory, one element at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

struct JsonLimits {
  // Containers inside each other, counted from the document.
  int max_depth = 64;
  // Of a value that is taken. A larger one is passed over and visited as `oversized`.
  uint64_t max_element_bytes = 2 << 20;
  // Of a single string, number or run of white space; a longer one ends the reading.
  uint64_t max_token_bytes = 16 << 20;
};

// Where a value stands.
struct JsonPlace {
  // Names of members from the document down; "" for an element of an array. The document itself
  // has the empty path.
  std::vector<std::string> path;
  // Where it begins, counted from 1, and how many values were taken before it.
  uint64_t line = 1;
  uint64_t ordinal = 0;
  bool oversized = false;

  // Whether the path consists of these names; "*" stands for any.
  bool Is(const std::vector<absl::string_view>& names) const;
};

enum class JsonChoice {
  kTake,     // hold the whole value and visit it
  kDescend,  // choose for each member or element; a value that has none is passed over
  kSkip,     // pass over it with all that is in it
};

// Asked at each value that no taken or skipped value contains.
using JsonChoose = std::function<JsonChoice(const JsonPlace&)>;
// Given each taken value, in the order of the document; null if it is oversized. An error ends
// the walk and is returned by it.
using JsonVisit = std::function<absl::Status(const JsonPlace&, const nlohmann::json& value)>;

// Walks one document, reading it once; holds no more than one taken value. Fails with
//   DataLoss            not JSON, or cut short; says the line, the byte, and how many values
//                       were taken until there
//   ResourceExhausted   max_depth or max_token_bytes exceeded
// and with the errors of `bytes` and `visit`.
absl::Status WalkJson(ByteSource& bytes, const JsonChoose& choose, const JsonVisit& visit,
                      const JsonLimits& limits = {});

// Member `name` if `object` is an object that has it and it is a string; otherwise "". Borrows.
absl::string_view JsonText(const nlohmann::json& object, const char* name);
// The same, or null if there is no such member.
const nlohmann::json* JsonMember(const nlohmann::json& object, const char* name);

}  // namespace cloister::feeds
