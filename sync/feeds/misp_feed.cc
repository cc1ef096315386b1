#include "sync/feeds/misp_feed.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/misp_attribute.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;

constexpr size_t kMaxEvents = 1'000'000;
// {"response": [{"Event": {…}}]}
constexpr size_t kMaxWrappers = 3;

bool IsUuid(absl::string_view text) {
  return text.size() == 36 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(c) || c == '-';
         });
}

// Where a value stands in its event; follows the walk.
class EventPlace {
 public:
  // The path below the event. Counts events: one begins where nothing stands below.
  std::vector<std::string> Below(const JsonPlace& place) {
    size_t wrappers = 0;
    while (wrappers < place.path.size() && wrappers < kMaxWrappers &&
           IsWrapper(place.path[wrappers])) {
      ++wrappers;
    }
    if (wrappers == place.path.size()) ++number_;
    return {place.path.begin() + wrappers, place.path.end()};
  }
  uint64_t number() const { return number_; }

 private:
  static bool IsWrapper(const std::string& name) {
    return name.empty() || name == "response" || name == "Event";
  }

  uint64_t number_ = 0;
};

using Below = std::vector<std::string>;

bool IsElementOf(const Below& below, absl::string_view list) {
  return below.size() == 2 && below[0] == list && below[1].empty();
}

// The first walk: what events say of all their attributes, and what kind of document it is.
struct FirstWalk {
  std::map<uint64_t, MispEvent> events;
  std::vector<std::string> manifest;  // UUIDs of events that lie elsewhere
  bool has_attributes = false;
  uint64_t elements = 0;  // attributes and objects begun

  absl::Status Run(ByteSource& bytes) {
    EventPlace where;
    Below below;
    const auto choose = [&](const JsonPlace& place) {
      below = where.Below(place);
      if (below.empty()) return JsonChoice::kDescend;
      const bool list = below[0] == "Attribute" || below[0] == "Object";
      has_attributes = has_attributes || list;
      if (list && below.size() == 2) ++elements;
      if (place.path.size() == 1 && IsUuid(below[0]) && manifest.size() < kMaxEvents) {
        manifest.push_back(below[0]);
      }
      if (below.size() == 1 && (list || below[0] == "Tag")) return JsonChoice::kDescend;
      const bool info = below.size() == 1 && below[0] == "info";
      return info || IsElementOf(below, "Tag") ? JsonChoice::kTake : JsonChoice::kSkip;
    };
    const auto visit = [&](const JsonPlace&, const json& value) {
      if (events.size() >= kMaxEvents && events.count(where.number()) == 0) {
        return absl::ResourceExhaustedError("more than a million events in one document");
      }
      Note(value, &events[where.number()]);
      return absl::OkStatus();
    };
    return WalkJson(bytes, choose, visit);
  }

 private:
  static void Note(const json& value, MispEvent* event) {
    if (value.is_string()) {
      event->info = value.get<std::string>().substr(0, MispEvent::kMaxTextBytes);
    } else if (event->tags.size() < MispEvent::kMaxTags) {
      event->tags.emplace_back(JsonText(value, "name").substr(0, MispEvent::kMaxTextBytes));
    }
  }
};

class MispFeed : public FeedReader {
 public:
  explicit MispFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    FeedOutput output(sink, report);
    attributes_ = 0;
    FirstWalk first;
    absl::Status read = ReadDocument(source, &first, output);
    for (size_t i = 0; read.ok() && i < first.manifest.size(); ++i) {
      read = ReadNamedEvent(source, first.manifest[i], output);
    }
    report->SetLines(attributes_);
    return read;
  }

 private:
  absl::Status ReadDocument(const FeedSource& source, FirstWalk* first, FeedOutput& output) {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    absl::Status walked = first->Run(**bytes);
    if (absl::IsDataLoss(walked) && first->elements > 0) {
      return absl::DataLossError(absl::StrCat("damaged behind the begin of attribute or object ",
                                              first->elements, ": ", walked.message()));
    }
    if (!walked.ok()) return walked;
    if (!first->manifest.empty()) return absl::OkStatus();
    if (!first->has_attributes) {
      return absl::InvalidArgumentError(
          "not a MISP event, list of events or feed manifest: no \"Attribute\" and no \"Object\"");
    }
    bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    return SecondWalk(**bytes, first->events, output);
  }

  absl::Status ReadNamedEvent(const FeedSource& manifest, const std::string& uuid,
                              FeedOutput& output) {
    const size_t slash = manifest.path().rfind('/');
    const std::string folder =
        slash == std::string::npos ? "" : manifest.path().substr(0, slash + 1);
    if (manifest.path().empty()) {
      return absl::InvalidArgumentError("a MISP feed manifest has to be a file, beside its events");
    }
    FirstWalk first;
    absl::Status read =
        ReadDocument(FeedSource(absl::StrCat(folder, uuid, ".json")), &first, output);
    if (read.ok()) return read;
    return absl::Status(read.code(), absl::StrCat("event ", uuid, ".json: ", read.message()));
  }

  absl::Status SecondWalk(ByteSource& bytes, const std::map<uint64_t, MispEvent>& events,
                          FeedOutput& output) {
    EventPlace where;
    Below below;
    const MispEvent none;
    const auto choose = [&](const JsonPlace& place) {
      below = where.Below(place);
      const bool list = below.size() == 1 && (below[0] == "Attribute" || below[0] == "Object");
      if (below.empty() || list) return JsonChoice::kDescend;
      const bool element = IsElementOf(below, "Attribute") || IsElementOf(below, "Object");
      return element ? JsonChoice::kTake : JsonChoice::kSkip;
    };
    const auto visit = [&](const JsonPlace& place, const json& value) {
      const auto found = events.find(where.number());
      const MispEvent& event = found != events.end() ? found->second : none;
      if (place.oversized) {
        output.Reject({RowFault::kMalformed, "larger than any real attribute or object"},
                      {place.line, below[0]});
        return absl::OkStatus();
      }
      if (below[0] == "Attribute") return Take(value, event, false, {place.line, ""}, output);
      return TakeObject(value, event, place.line, output);
    };
    return WalkJson(bytes, choose, visit);
  }

  absl::Status TakeObject(const json& object, const MispEvent& event, uint64_t line,
                          FeedOutput& output) {
    const json* attributes = JsonMember(object, "Attribute");
    if (attributes == nullptr || !attributes->is_array()) return absl::OkStatus();
    const bool deleted = MispFlag(object, "deleted");
    for (const json& attribute : *attributes) {
      absl::Status taken = Take(attribute, event, deleted, {line, ""}, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  absl::Status Take(const json& attribute, const MispEvent& event, bool deleted, RowPlace place,
                    FeedOutput& output) {
    MayTellProgress(++attributes_);
    const std::string text =
        absl::StrCat(JsonText(attribute, "uuid"), " ", JsonText(attribute, "type"), " ",
                     JsonText(attribute, "value"));
    place.text = text;
    return TakeAll(ListingsOfMispAttribute(attribute, event, deleted, options_), place, output);
  }

  FeedOptions options_;
  uint64_t attributes_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewMispFeed(const FeedOptions& options) {
  return std::make_unique<MispFeed>(options);
}

}  // namespace cloister::feeds
