#include "sync/feeds/yaml_stream.h"

#include <yaml.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

struct Event {
  yaml_event_t raw{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }

  absl::string_view text() const {
    return {reinterpret_cast<const char*>(raw.data.scalar.value), raw.data.scalar.length};
  }
};

class Walker {
 public:
  Walker(ByteSource* bytes, const YamlVisit* visit, const YamlLimits& limits)
      : bytes_(bytes), visit_(*visit), limits_(limits) {
    made_ = yaml_parser_initialize(&parser_) != 0;
    if (made_) yaml_parser_set_input(&parser_, ReadMore, this);
  }
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;
  ~Walker() {
    if (made_) yaml_parser_delete(&parser_);
  }

  absl::Status Walk() {
    if (!made_) return absl::ResourceExhaustedError("no memory for a YAML parser");
    for (;;) {
      Event event;
      if (yaml_parser_parse(&parser_, &event.raw) == 0) return Broken();
      if (event.raw.type == YAML_STREAM_END_EVENT) return absl::OkStatus();
      place_.line = event.raw.start_mark.line + 1;
      absl::Status taken = Take(event);
      if (!taken.ok()) return taken;
    }
  }

 private:
  struct Container {
    bool mapping = false;
    bool key_next = false;
  };

  static int ReadMore(void* walker, unsigned char* buffer, size_t size, size_t* read) {
    return static_cast<Walker*>(walker)->Fill(buffer, size, read) ? 1 : 0;
  }

  bool Fill(unsigned char* buffer, size_t size, size_t* read) {
    absl::StatusOr<size_t> filled = bytes_->Read(reinterpret_cast<char*>(buffer), size);
    if (!filled.ok()) {
      status_ = filled.status();
      return false;
    }
    total_ += *filled;
    if (total_ > limits_.max_bytes) {
      status_ = absl::ResourceExhaustedError(
          absl::StrCat("a YAML document of more than ", limits_.max_bytes, " bytes"));
      return false;
    }
    *read = *filled;
    return true;
  }

  absl::Status Take(const Event& event) {
    switch (event.raw.type) {
      case YAML_ALIAS_EVENT:
        return absl::InvalidArgumentError(
            absl::StrCat("line ", place_.line, ": an alias, which is not read here"));
      case YAML_SEQUENCE_START_EVENT:
        return Open(false);
      case YAML_MAPPING_START_EVENT:
        return Open(true);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return Close();
      case YAML_SCALAR_EVENT:
        return Scalar(event.text());
      default:
        return absl::OkStatus();
    }
  }

  absl::Status Open(bool mapping) {
    if (open_.size() == limits_.max_depth) {
      return absl::ResourceExhaustedError(absl::StrCat("line ", place_.line, ": more than ",
                                                       limits_.max_depth,
                                                       " lists and mappings inside each other"));
    }
    if (!open_.empty() && open_.back().key_next) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", place_.line, ": a key that is no text"));
    }
    Enter();
    open_.push_back({mapping, mapping});
    return absl::OkStatus();
  }

  absl::Status Close() {
    open_.pop_back();
    place_.end = true;
    absl::Status visited = visit_(place_, "");
    place_.end = false;
    Leave();
    return visited;
  }

  absl::Status Scalar(absl::string_view text) {
    if (!open_.empty() && open_.back().key_next) {
      key_ = std::string(text);
      open_.back().key_next = false;
      return absl::OkStatus();
    }
    Enter();
    absl::Status visited = visit_(place_, text);
    Leave();
    return visited;
  }

  void Enter() {
    if (!open_.empty()) place_.path.push_back(open_.back().mapping ? std::move(key_) : "");
  }
  void Leave() {
    if (open_.empty()) return;
    place_.path.pop_back();
    open_.back().key_next = open_.back().mapping;
  }

  absl::Status Broken() const {
    if (!status_.ok()) return status_;
    return absl::DataLossError(
        absl::StrCat("line ", parser_.problem_mark.line + 1, ": not YAML, or cut short there (",
                     parser_.problem != nullptr ? parser_.problem : "unknown problem",
                     "); fetch the file again"));
  }

  ByteSource* bytes_;
  const YamlVisit& visit_;
  YamlLimits limits_;
  yaml_parser_t parser_{};
  bool made_ = false;
  uint64_t total_ = 0;
  absl::Status status_;
  YamlPlace place_;
  std::string key_;
  std::vector<Container> open_;
};

}  // namespace

absl::Status WalkYaml(ByteSource& bytes, const YamlVisit& visit, const YamlLimits& limits) {
  return Walker(&bytes, &visit, limits).Walk();
}

}  // namespace cloister::feeds
