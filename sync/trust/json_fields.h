// Reads typed fields of JSON that somebody else wrote. The first thing wrong is kept with its
// place, so that a reader asks for all its fields and looks for an error once, at the end.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"

namespace cloister::trust {

// Integers beyond this are not exact in every JSON reader (RFC 8259, section 6).
inline constexpr uint64_t kMaxInteger = (uint64_t{1} << 53) - 1;

// The first error of one reading.
class FieldErrors {
 public:
  explicit FieldErrors(reputation::RejectReason reason) : reason_(reason) {}

  void Add(absl::string_view path, absl::string_view problem);
  bool ok() const { return first_.ok(); }
  const absl::Status& first() const { return first_; }

 private:
  reputation::RejectReason reason_;
  absl::Status first_;
};

struct IntegerRange {
  uint64_t min = 0;
  uint64_t max = kMaxInteger;
};

// The fields of one object. Where one is missing or wrong, an error is added and an empty value
// returned. Borrows the JSON and the errors.
class JsonFields {
 public:
  // `path` says where the object is, for messages; a value that is no object is an error.
  JsonFields(const nlohmann::json& value, std::string path, FieldErrors* errors);

  bool Has(absl::string_view name) const;

  uint64_t Integer(absl::string_view name, IntegerRange range = {}) const;
  bool Bool(absl::string_view name) const;
  std::string String(absl::string_view name) const;
  // "2030-01-31T23:59:59Z", as section 4.2.1 has it; a fraction of a second is cut off.
  absl::Time Time(absl::string_view name) const;
  std::vector<std::string> Strings(absl::string_view name) const;
  std::vector<uint64_t> Integers(absl::string_view name, IntegerRange range) const;
  const nlohmann::json& Array(absl::string_view name) const;
  JsonFields Object(absl::string_view name) const;

  // Names and values.
  const nlohmann::json::object_t& members() const;
  const std::string& path() const { return path_; }
  // Adds an error about the field `name`.
  void Wrong(absl::string_view name, absl::string_view problem) const;

 private:
  const nlohmann::json& Find(absl::string_view name) const;

  const nlohmann::json& value_;
  std::string path_;
  FieldErrors* errors_;
};

}  // namespace cloister::trust
