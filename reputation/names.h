// Tables of enum values and their names, private to this folder.

#pragma once

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace cloister::reputation::internal {

template <typename Value>
struct Named {
  Value value;
  absl::string_view name;
};

// "unknown" for a value that is not in `table`.
template <typename Value, size_t size>
constexpr absl::string_view NameOf(const Named<Value> (&table)[size], Value value) {
  for (const Named<Value>& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return "unknown";
}

template <typename Value, size_t size>
constexpr std::optional<Value> ValueOf(const Named<Value> (&table)[size], absl::string_view name) {
  for (const Named<Value>& entry : table) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace cloister::reputation::internal
