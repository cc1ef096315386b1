// XML documents larger than memory, one element at a time.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

struct XmlLimits {
  // Elements inside each other.
  size_t max_depth = 32;
  // Of a single tag or comment, which has to be held whole; a longer one ends the reading.
  uint64_t max_token_bytes = 1 << 20;
  // Of an element's text; what is longer is cut there.
  size_t max_text_bytes = 16 << 10;
};

// Told what stands in a document, in its order. An error ends the walk and is returned by it.
class XmlVisitor {
 public:
  using Attributes = std::map<std::string, std::string>;

  virtual ~XmlVisitor() = default;

  // `path`: names of the open elements from the document's down, the one that begins or ends last;
  // without the prefix of their name space. `line` is counted from 1.
  virtual absl::Status Begin(const std::vector<std::string>& path, const Attributes& attributes,
                             uint64_t line) = 0;
  // `text` is what stands behind the last tag inside the element.
  virtual absl::Status End(const std::vector<std::string>& path, absl::string_view text) = 0;
};

// Walks one document, reading it once. A document type declaration, and with it every entity of
// its own, is refused. Fails with
//   DataLoss            not XML, or cut short; says the line
//   InvalidArgument     it has a document type declaration
//   ResourceExhausted   a limit is exceeded
// and with the errors of `bytes` and `visitor`.
absl::Status WalkXml(ByteSource& bytes, XmlVisitor& visitor, const XmlLimits& limits = {});

}  // namespace cloister::feeds
