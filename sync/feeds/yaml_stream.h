// YAML documents (1.1), one value at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

struct YamlLimits {
  // Lists and mappings inside each other.
  size_t max_depth = 16;
  // Of the whole document.
  uint64_t max_bytes = 64 << 20;
};

// A value, or the end of a list or mapping.
struct YamlPlace {
  // Keys from the document down; "" for an element of a list.
  std::vector<std::string> path;
  uint64_t line = 1;
  bool end = false;
};

// `text` is empty at an end. An error ends the walk and is returned by it.
using YamlVisit = std::function<absl::Status(const YamlPlace&, absl::string_view text)>;

// Walks every document in `bytes`, reading it once. Fails with
//   DataLoss            not YAML, or cut short; says the line
//   InvalidArgument     an alias (a document of bytes could stand for one of any size), or a key
//                       that is no text
//   ResourceExhausted   a limit is exceeded
// and with the errors of `bytes` and `visit`.
absl::Status WalkYaml(ByteSource& bytes, const YamlVisit& visit, const YamlLimits& limits = {});

}  // namespace cloister::feeds
