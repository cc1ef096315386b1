#include "sync/trust/canonical_json.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::trust {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;

// Walks the text without building anything, so that a hostile one is refused before it costs
// memory. Every member is called by nlohmann::json::sax_parse; false ends the walk.
class BoundsCheck : public nlohmann::json_sax<json> {
 public:
  explicit BoundsCheck(uint32_t max_depth) : max_depth_(max_depth) {}

  const std::string& problem() const { return problem_; }

  bool null() override { return Count(); }
  bool boolean(bool) override { return Count(); }
  bool number_integer(number_integer_t) override { return Count(); }
  bool number_unsigned(number_unsigned_t) override { return Count(); }
  bool number_float(number_float_t, const string_t&) override { return Count(); }
  bool string(string_t&) override { return Count(); }
  bool binary(binary_t&) override { return Count(); }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    problem_ = absl::StrCat("the name \"", absl::CHexEscape(absl::string_view(name).substr(0, 80)),
                            "\" appears twice in one object");
    return false;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    problem_ = absl::StrCat("not JSON at byte ", position);
    return false;
  }

 private:
  // A value costs more memory than the two bytes that it may have in the text.
  bool Count() {
    if (++values_ <= kMaxJsonValues) return true;
    problem_ = absl::StrCat("more than ", kMaxJsonValues, " values");
    return false;
  }

  bool Enter() {
    if (!Count()) return false;
    if (names_.size() >= max_depth_) {
      problem_ = absl::StrCat("nested deeper than ", max_depth_);
      return false;
    }
    names_.emplace_back();
    return true;
  }

  bool Leave() {
    names_.pop_back();
    return true;
  }

  const uint32_t max_depth_;
  uint64_t values_ = 0;
  std::vector<std::set<std::string>> names_;  // of each open object; empty for an open array
  std::string problem_;
};

void AppendString(const std::string& text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('"');
}

absl::Status Append(const json& value, std::string* out);

absl::Status AppendObject(const json& object, std::string* out) {
  out->push_back('{');
  absl::string_view separator = "";
  // The map behind an object sorts by bytes, which for UTF-8 is the order of code points.
  for (const auto& [name, member] : object.get_ref<const json::object_t&>()) {
    out->append(std::exchange(separator, ",").data());
    AppendString(name, out);
    out->push_back(':');
    if (absl::Status s = Append(member, out); !s.ok()) return s;
  }
  out->push_back('}');
  return absl::OkStatus();
}

absl::Status AppendArray(const json& array, std::string* out) {
  out->push_back('[');
  absl::string_view separator = "";
  for (const json& element : array) {
    out->append(std::exchange(separator, ",").data());
    if (absl::Status s = Append(element, out); !s.ok()) return s;
  }
  out->push_back(']');
  return absl::OkStatus();
}

absl::Status Append(const json& value, std::string* out) {
  switch (value.type()) {
    case json::value_t::null:
      out->append("null");
      return absl::OkStatus();
    case json::value_t::boolean:
      out->append(value.get<bool>() ? "true" : "false");
      return absl::OkStatus();
    case json::value_t::number_integer:
      absl::StrAppend(out, value.get<int64_t>());
      return absl::OkStatus();
    case json::value_t::number_unsigned:
      absl::StrAppend(out, value.get<uint64_t>());
      return absl::OkStatus();
    case json::value_t::string:
      AppendString(value.get_ref<const std::string&>(), out);
      return absl::OkStatus();
    case json::value_t::object:
      return AppendObject(value, out);
    case json::value_t::array:
      return AppendArray(value, out);
    default:
      return Rejected(RejectReason::kMetadataMalformed,
                      "a number that is not an integer, or too large for one");
  }
}

}  // namespace

absl::StatusOr<json> ParseJson(absl::string_view bytes, uint64_t max_bytes, uint32_t max_depth) {
  if (bytes.size() > max_bytes) {
    return Rejected(RejectReason::kMetadataTooLarge,
                    absl::StrCat(bytes.size(), " bytes, at most ", max_bytes, " are read"));
  }
  // The library takes a zero byte for the end; whatever follows it must not pass unseen.
  if (absl::StrContains(bytes, '\0')) {
    return Rejected(RejectReason::kMetadataMalformed, "not JSON: it holds a zero byte");
  }
  BoundsCheck check(max_depth);
  if (!json::sax_parse(bytes.begin(), bytes.end(), &check)) {
    return Rejected(RejectReason::kMetadataMalformed, check.problem());
  }
  return json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
}

absl::StatusOr<std::string> CanonicalJson(const json& value) {
  // dump() throws at what is not UTF-8 or treats it in one of two ways, which then differ.
  if (value.dump(-1, ' ', false, json::error_handler_t::replace) !=
      value.dump(-1, ' ', false, json::error_handler_t::ignore)) {
    return Rejected(RejectReason::kMetadataMalformed, "a string is not UTF-8");
  }
  std::string canonical;
  if (absl::Status s = Append(value, &canonical); !s.ok()) return s;
  return canonical;
}

}  // namespace cloister::trust
