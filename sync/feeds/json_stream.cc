#include "sync/feeds/json_stream.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;

constexpr size_t kBufferBytes = 256 * 1024;

// Hands bytes to the parser one by one, and counts.
class Bytes {
 public:
  Bytes(ByteSource* source, uint64_t max_token_bytes)
      : source_(source), max_token_bytes_(max_token_bytes), buffer_(kBufferBytes, '\0') {}

  // -1 at the end and on error.
  int Peek() {
    if (position_ == available_ && !Fill()) return -1;
    return static_cast<unsigned char>(buffer_[position_]);
  }
  void Advance() {
    if (buffer_[position_++] == '\n') ++line_;
    ++offset_;
  }
  // Called at every token.
  void MarkToken() { token_start_ = offset_; }

  uint64_t offset() const { return offset_; }
  uint64_t line() const { return line_; }
  const absl::Status& status() const { return status_; }

 private:
  bool Fill() {
    if (!status_.ok() || at_end_) return false;
    if (offset_ - token_start_ > max_token_bytes_) {
      status_ = absl::ResourceExhaustedError(
          absl::StrCat("line ", line_, ": a string longer than ", max_token_bytes_, " bytes"));
      return false;
    }
    absl::StatusOr<size_t> read = source_->Read(buffer_.data(), buffer_.size());
    if (!read.ok()) status_ = read.status();
    position_ = 0;
    available_ = read.ok() ? *read : 0;
    at_end_ = available_ == 0;
    return !at_end_;
  }

  ByteSource* source_;
  uint64_t max_token_bytes_;
  std::string buffer_;
  size_t position_ = 0;
  size_t available_ = 0;
  uint64_t offset_ = 0;
  uint64_t token_start_ = 0;
  uint64_t line_ = 1;
  bool at_end_ = false;
  absl::Status status_;
};

// The input iterator that the parser wants; the default one is the end.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  ByteIterator() = default;
  explicit ByteIterator(Bytes* bytes) : bytes_(bytes) {}

  char operator*() const { return static_cast<char>(bytes_->Peek()); }
  ByteIterator& operator++() {
    bytes_->Advance();
    return *this;
  }
  friend bool operator==(const ByteIterator& a, const ByteIterator& b) {
    return a.AtEnd() == b.AtEnd();
  }
  friend bool operator!=(const ByteIterator& a, const ByteIterator& b) { return !(a == b); }

 private:
  bool AtEnd() const { return bytes_ == nullptr || bytes_->Peek() < 0; }

  Bytes* bytes_ = nullptr;
};

// Builds one taken value from the parser's events.
class Builder {
 public:
  void Put(json value) { *Place() = std::move(value); }
  void Open(json container) {
    json* place = Place();
    *place = std::move(container);
    open_.push_back(place);
  }
  void Close() { open_.pop_back(); }
  void Key(std::string name) { member_ = &(*open_.back())[std::move(name)]; }
  void Clear() {
    root_ = json();
    open_.clear();
  }
  const json& root() const { return root_; }

 private:
  // Where the next value belongs. Pointers to open containers stay good: nothing is added to a
  // container while one inside it is open.
  json* Place() {
    if (open_.empty()) return &root_;
    if (!open_.back()->is_array()) return member_;
    open_.back()->push_back(json());
    return &open_.back()->back();
  }

  json root_;
  std::vector<json*> open_;
  json* member_ = nullptr;
};

// Takes the parser's events (nlohmann::json_sax); false ends the parsing.
class Walker {
 public:
  Walker(Bytes* bytes, const JsonChoose& choose, const JsonVisit& visit, const JsonLimits& limits)
      : bytes_(bytes), choose_(choose), visit_(visit), limits_(limits) {}

  bool null() { return Scalar(json()); }
  bool boolean(bool value) { return Scalar(json(value)); }
  bool number_integer(json::number_integer_t value) { return Scalar(json(value)); }
  bool number_unsigned(json::number_unsigned_t value) { return Scalar(json(value)); }
  bool number_float(json::number_float_t value, const std::string&) { return Scalar(json(value)); }
  bool string(std::string& value) { return Scalar(json(std::move(value))); }
  bool binary(json::binary_t&) { return false; }
  bool start_object(size_t) { return Open(json::object()); }
  bool start_array(size_t) { return Open(json::array()); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }

  bool key(std::string& name) {
    bytes_->MarkToken();
    if (inside_ == 0) {
      name_ = std::move(name);
    } else if (Building()) {
      builder_.Key(std::move(name));
    }
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) {
    if (!status_.ok()) return false;
    status_ = absl::DataLossError(absl::StrCat("line ", bytes_->line(), ", byte ", bytes_->offset(),
                                               ", after ", place_.ordinal,
                                               " values: not JSON, or cut short there; "
                                               "fetch the file again"));
    return false;
  }

  const absl::Status& status() const { return status_; }

 private:
  bool Scalar(json value) {
    bytes_->MarkToken();
    if (inside_ > 0) {
      if (Building()) builder_.Put(std::move(value));
      return true;
    }
    if (Choose() == JsonChoice::kTake) {
      const uint64_t bytes = value.is_string() ? value.get_ref<std::string&>().size() : 0;
      place_.oversized = bytes > limits_.max_element_bytes;
      return Visit(place_.oversized ? json() : value);
    }
    Leave();
    return true;
  }

  bool Open(json container) {
    bytes_->MarkToken();
    if (++depth_ > limits_.max_depth) {
      status_ = absl::ResourceExhaustedError(absl::StrCat("line ", bytes_->line(), ": more than ",
                                                          limits_.max_depth,
                                                          " arrays and objects inside each other"));
      return false;
    }
    if (inside_ > 0) {
      ++inside_;
      if (Building()) builder_.Open(std::move(container));
      return true;
    }
    const bool array = container.is_array();
    const JsonChoice choice = Choose();
    if (choice == JsonChoice::kDescend) {
      arrays_.push_back(array);
      return true;
    }
    inside_ = 1;
    taking_ = choice == JsonChoice::kTake;
    place_.oversized = false;
    taken_from_ = bytes_->offset();
    if (taking_) builder_.Open(std::move(container));
    return true;
  }

  bool Close() {
    bytes_->MarkToken();
    --depth_;
    if (inside_ == 0) {
      arrays_.pop_back();
      Leave();
      return true;
    }
    if (Building()) builder_.Close();
    if (--inside_ > 0) return true;
    if (taking_) return Visit(builder_.root());
    Leave();
    return true;
  }

  // Whether events belong to a value that is kept; gives up one that has become too large.
  bool Building() {
    if (!taking_ || place_.oversized) return false;
    if (bytes_->offset() - taken_from_ <= limits_.max_element_bytes) return true;
    builder_.Clear();
    place_.oversized = true;
    return false;
  }

  JsonChoice Choose() {
    if (!arrays_.empty()) place_.path.push_back(arrays_.back() ? "" : std::move(name_));
    place_.line = bytes_->line();
    return choose_(place_);
  }

  bool Visit(const json& value) {
    absl::Status visited = visit_(place_, value);
    builder_.Clear();
    ++place_.ordinal;
    Leave();
    if (visited.ok()) return true;
    status_ = std::move(visited);
    return false;
  }

  void Leave() {
    if (!place_.path.empty()) place_.path.pop_back();
  }

  Bytes* bytes_;
  const JsonChoose& choose_;
  const JsonVisit& visit_;
  JsonLimits limits_;
  JsonPlace place_;
  std::string name_;          // of the member whose value comes next
  std::vector<bool> arrays_;  // what was descended into
  int depth_ = 0;
  int inside_ = 0;  // containers open in the value that is taken or skipped
  bool taking_ = false;
  uint64_t taken_from_ = 0;
  Builder builder_;
  absl::Status status_;
};

}  // namespace

bool JsonPlace::Is(const std::vector<absl::string_view>& names) const {
  if (names.size() != path.size()) return false;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] != "*" && names[i] != path[i]) return false;
  }
  return true;
}

absl::Status WalkJson(ByteSource& bytes, const JsonChoose& choose, const JsonVisit& visit,
                      const JsonLimits& limits) {
  Bytes counted(&bytes, limits.max_token_bytes);
  Walker walker(&counted, choose, visit, limits);
  const bool whole = json::sax_parse(ByteIterator(&counted), ByteIterator(), &walker);
  if (!counted.status().ok()) return counted.status();
  if (!walker.status().ok()) return walker.status();
  return whole ? absl::OkStatus() : absl::InternalError("JSON ended without a reason");
}

const json* JsonMember(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found != object.end() ? &*found : nullptr;
}

absl::string_view JsonText(const json& object, const char* name) {
  const json* member = JsonMember(object, name);
  if (member == nullptr || !member->is_string()) return "";
  return member->get_ref<const std::string&>();
}

}  // namespace cloister::feeds
