#include "sync/trust/json_fields.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace cloister::trust {
namespace {

using nlohmann::json;

// Names come from outside: a message shows no more of them than helps.
constexpr size_t kMaxPlaceBytes = 200;

const json& Null() {
  static const json null;
  return null;
}

const json::object_t& NoMembers() {
  static const json::object_t none;
  return none;
}

// An integer that is not negative: unsigned where it was read from text, perhaps signed where a
// program made it.
std::optional<uint64_t> NonNegative(const json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (!value.is_number_integer() || value.get<int64_t>() < 0) return std::nullopt;
  return static_cast<uint64_t>(value.get<int64_t>());
}

std::optional<uint64_t> InRange(const json& value, IntegerRange range) {
  std::optional<uint64_t> integer = NonNegative(value);
  return integer && *integer >= range.min && *integer <= range.max ? integer : std::nullopt;
}

// JavaScript's times have milliseconds, "2030-01-31T23:59:59.123Z": they are cut off, which lets a
// file expire up to a second early rather than late.
std::string WithoutFraction(const std::string& text) {
  constexpr size_t kDot = 19;  // after the seconds
  if (text.size() < kDot + 3 || text.size() > kDot + 11 || text[kDot] != '.' ||
      text.back() != 'Z') {
    return text;
  }
  const absl::string_view digits = absl::string_view(text).substr(kDot + 1, text.size() - 21);
  return std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ? text.substr(0, kDot) + "Z"
                                                                        : text;
}

}  // namespace

void FieldErrors::Add(absl::string_view path, absl::string_view problem) {
  if (!first_.ok()) return;
  std::string place = absl::CHexEscape(path.substr(0, kMaxPlaceBytes));
  first_ = reputation::Rejected(reason_, absl::StrCat(place, " ", problem));
}

JsonFields::JsonFields(const json& value, std::string path, FieldErrors* errors)
    : value_(value), path_(std::move(path)), errors_(errors) {
  if (!value_.is_object()) errors_->Add(path_, "is not an object");
}

const json::object_t& JsonFields::members() const {
  return value_.is_object() ? value_.get_ref<const json::object_t&>() : NoMembers();
}

bool JsonFields::Has(absl::string_view name) const {
  return value_.is_object() && value_.contains(std::string(name));
}

const json& JsonFields::Find(absl::string_view name) const {
  if (!value_.is_object()) return Null();
  auto found = value_.find(std::string(name));
  if (found != value_.end()) return *found;
  Wrong(name, "is missing");
  return Null();
}

void JsonFields::Wrong(absl::string_view name, absl::string_view problem) const {
  errors_->Add(absl::StrCat(path_, ".", name), problem);
}

uint64_t JsonFields::Integer(absl::string_view name, IntegerRange range) const {
  if (std::optional<uint64_t> integer = InRange(Find(name), range)) return *integer;
  Wrong(name, absl::StrCat("must be an integer from ", range.min, " to ", range.max));
  return 0;
}

bool JsonFields::Bool(absl::string_view name) const {
  const bool* value = Find(name).get_ptr<const bool*>();
  if (value != nullptr) return *value;
  Wrong(name, "must be true or false");
  return false;
}

std::string JsonFields::String(absl::string_view name) const {
  const std::string* value = Find(name).get_ptr<const std::string*>();
  if (value != nullptr) return *value;
  Wrong(name, "must be a string");
  return "";
}

absl::Time JsonFields::Time(absl::string_view name) const {
  const std::string text = WithoutFraction(String(name));
  absl::Time time;
  // ParseTime is more generous (white space, years of any length, "infinite-future"): the length
  // and the first character leave only the form that is meant.
  if (text.size() == 20 && absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
      absl::ParseTime("%Y-%m-%dT%H:%M:%SZ", text, &time, nullptr)) {
    return time;
  }
  Wrong(name, "must be a time such as 2030-01-31T23:59:59Z");
  return absl::InfinitePast();
}

const json& JsonFields::Array(absl::string_view name) const {
  const json& value = Find(name);
  if (value.is_array()) return value;
  Wrong(name, "must be an array");
  static const json empty = json::array();
  return empty;
}

JsonFields JsonFields::Object(absl::string_view name) const {
  return JsonFields(Find(name), absl::StrCat(path_, ".", name), errors_);
}

std::vector<std::string> JsonFields::Strings(absl::string_view name) const {
  std::vector<std::string> strings;
  for (const json& element : Array(name)) {
    if (!element.is_string()) {
      Wrong(name, "must hold strings only");
      break;
    }
    strings.push_back(element.get<std::string>());
  }
  return strings;
}

std::vector<uint64_t> JsonFields::Integers(absl::string_view name, IntegerRange range) const {
  std::vector<uint64_t> integers;
  for (const json& element : Array(name)) {
    std::optional<uint64_t> integer = InRange(element, range);
    if (!integer) {
      Wrong(name, absl::StrCat("must hold integers from ", range.min, " to ", range.max, " only"));
      break;
    }
    integers.push_back(*integer);
  }
  return integers;
}

}  // namespace cloister::trust
