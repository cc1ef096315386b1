// The grammar of STIX patterns (STIX 2.1, section 9), down to alternatives of comparisons.

#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/feeds/feed_report.h"

namespace cloister::feeds {

// "file:hashes.'SHA-256' = 'abc'"
struct StixComparison {
  std::string path;  // quotes around keys removed
  std::string op;    // "=", "!=", "LIKE" …; "NOT" and a space before it if negated
  std::string value;
};

// All comparisons of one hold.
using StixConjunction = std::vector<StixComparison>;

struct StixAlternatives {
  std::vector<StixConjunction> conjunctions;  // any of them holds
  // What narrows the whole and is not in `conjunctions`: several observations, qualifiers.
  std::string unsupported;
};

struct StixLimits {
  size_t max_bytes = 1 << 20;
  int max_depth = 32;
  size_t max_alternatives = 10'000;
  size_t max_comparisons = 16;          // in one conjunction
  size_t max_product_bytes = 32 << 20;  // of alternatives that AND multiplies, in memory
};

std::variant<StixAlternatives, Fault> ParseStixPattern(absl::string_view pattern,
                                                       const StixLimits& limits = {});

}  // namespace cloister::feeds
