// STIX patterns: never slower or larger than their bounds, and what they name is what listings
// hold.

#include <cstddef>
#include <cstdint>
#include <variant>

#include "absl/strings/string_view.h"
#include "sync/feeds/stix_grammar.h"
#include "sync/feeds/stix_pattern.h"
#include "tests/fuzz/require.h"

using cloister::feeds::PatternObject;
using cloister::feeds::PatternObjects;
using cloister::feeds::StixAlternatives;
using cloister::feeds::StixLimits;
using cloister::fuzz::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view pattern(reinterpret_cast<const char*>(data), size);
  const StixLimits limits;
  const auto parsed = cloister::feeds::ParseStixPattern(pattern, limits);
  if (const auto* alternatives = std::get_if<StixAlternatives>(&parsed)) {
    Require(alternatives->conjunctions.size() <= limits.max_alternatives, "alternatives bounded");
    for (const auto& conjunction : alternatives->conjunctions) {
      Require(!conjunction.empty(), "an alternative has a comparison");
      Require(conjunction.size() <= limits.max_comparisons, "comparisons bounded");
    }
  }
  const auto read = cloister::feeds::ReadStixPattern(pattern);
  if (const auto* objects = std::get_if<PatternObjects>(&read)) {
    for (const PatternObject& object : objects->objects) {
      if (object.kind != cloister::reputation::ObjectKind::kFile) continue;
      const size_t digits = object.value.size();
      Require(digits == 64 || digits == 40 || digits == 32, "a digest is as long as its name says");
    }
  }
  return 0;
}
