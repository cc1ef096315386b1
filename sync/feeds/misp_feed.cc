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
// Of what is said of events, while a document is read; with what it costs to hold a text at all.
constexpr size_t kMaxHeldBytes = 128 << 20;
constexpr size_t kBytesOfText = 64;
// {"response": [{"Event": {…}}]}
constexpr size_t kMaxWrappers = 3;

bool IsUuid(absl::string_view text) {
  return text.size() == 36 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(c) || c == '-';
         });
}

// Bytes of a row of hashes.csv: the MD5 of an attribute's value, and the event that has it.
constexpr size_t kHashesRow = 32 + 1 + 36;

absl::Status CheckForm(absl::string_view begin) {
  const absl::string_view digest = begin.substr(0, 32);
  const bool hex = std::all_of(digest.begin(), digest.end(), absl::ascii_isxdigit);
  if (begin.size() == kHashesRow && hex && begin[32] == ',' && IsUuid(begin.substr(33))) {
    return absl::InvalidArgumentError(
        "this is hashes.csv, whose digests are of the texts of attributes and of no file; name "
        "the manifest.json beside it");
  }
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(begin), "<")) return absl::OkStatus();
  return absl::InvalidArgumentError("this is XML; export the events as MISP JSON");
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
      held += Note(value, &events[where.number()]);
      if (held <= kMaxHeldBytes) return absl::OkStatus();
      return absl::ResourceExhaustedError("more words about events than any real document has");
    };
    return WalkJson(bytes, choose, visit);
  }

 private:
  // Returns the bytes that it holds of it.
  static size_t Note(const json& value, MispEvent* event) {
    if (value.is_string()) {
      event->info = value.get<std::string>().substr(0, MispEvent::kMaxTextBytes);
      return event->info.size() + kBytesOfText;
    }
    if (event->tags.size() == MispEvent::kMaxTags) return 0;
    event->tags.emplace_back(JsonText(value, "name").substr(0, MispEvent::kMaxTextBytes));
    return event->tags.back().size() + kBytesOfText;
  }

  size_t held = 0;
};

class MispFeed : public FeedReader {
 public:
  explicit MispFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    attributes_ = 0;
    FirstWalk first;
    absl::Status looked = Look(source, &first);
    if (!looked.ok()) return looked;
    if (!first.manifest.empty()) return ReadManifest(source, first.manifest, sink, report);
    FeedOutput output(sink, report);
    absl::Status read = SecondWalk(source, first.events, output);
    report->SetLines(attributes_);
    return read;
  }

 private:
  // Whether it is whole, and what it says.
  static absl::Status Look(const FeedSource& source, FirstWalk* first) {
    absl::StatusOr<std::string> begin = source.Begin(kHashesRow);
    if (!begin.ok()) return begin.status();
    absl::Status form = CheckForm(*begin);
    if (!form.ok()) return form;
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    absl::Status walked = first->Run(**bytes);
    if (absl::IsDataLoss(walked) && first->elements > 0) {
      return absl::DataLossError(absl::StrCat("damaged behind the begin of attribute or object ",
                                              first->elements, ": ", walked.message()));
    }
    if (!walked.ok() || !first->manifest.empty() || first->has_attributes) return walked;
    return absl::InvalidArgumentError(
        "not a MISP event, list of events or feed manifest: no \"Attribute\" and no \"Object\"");
  }

  // An event that cannot be read costs no other.
  absl::Status ReadManifest(const FeedSource& manifest, const std::vector<std::string>& events,
                            const EntrySink& sink, FeedReport* report) {
    if (manifest.path().empty()) {
      return absl::InvalidArgumentError("a MISP feed manifest has to be a file, beside its events");
    }
    const std::string folder = manifest.path().substr(0, manifest.path().rfind('/') + 1);
    absl::Status failed;
    size_t whole = 0;
    for (const std::string& uuid : events) {
      const std::string name = absl::StrCat(uuid, ".json");
      const FeedSource event(folder + name);
      FirstWalk first;
      absl::Status looked = Look(event, &first);
      if (looked.ok() && !first.manifest.empty()) {
        looked = absl::InvalidArgumentError("a manifest where an event belongs");
      }
      if (!looked.ok()) {
        report->Reject({RowFault::kMalformed, std::string(looked.message())}, 0, name);
        failed.Update(absl::Status(looked.code(), absl::StrCat(name, ": ", looked.message())));
        continue;
      }
      ++whole;
      FeedReport of_event(name);
      FeedOutput output(sink, &of_event);
      const uint64_t before = attributes_;
      absl::Status read = SecondWalk(event, first.events, output);
      of_event.SetLines(attributes_ - before);
      report->Add(of_event, name);
      if (!read.ok()) return absl::Status(read.code(), absl::StrCat(name, ": ", read.message()));
    }
    return whole > 0 ? absl::OkStatus() : failed;
  }

  absl::Status SecondWalk(const FeedSource& source, const std::map<uint64_t, MispEvent>& events,
                          FeedOutput& output) {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
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
      if (below[0] == "Attribute") return Take(value, nullptr, event, {place.line, ""}, output);
      return TakeObject(value, event, place.line, output);
    };
    return WalkJson(**bytes, choose, visit);
  }

  absl::Status TakeObject(const json& object, const MispEvent& event, uint64_t line,
                          FeedOutput& output) {
    const json* attributes = JsonMember(object, "Attribute");
    if (attributes == nullptr || !attributes->is_array()) return absl::OkStatus();
    for (const json& attribute : *attributes) {
      absl::Status taken = Take(attribute, &object, event, {line, ""}, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  absl::Status Take(const json& attribute, const json* object, const MispEvent& event,
                    RowPlace place, FeedOutput& output) {
    MayTellProgress(++attributes_, "attributes");
    const std::string text =
        absl::StrCat(JsonText(attribute, "uuid"), " ", JsonText(attribute, "type"), " ",
                     JsonText(attribute, "value"));
    place.text = text;
    return TakeAll(ListingsOfMispAttribute(attribute, object, event, options_), place, output);
  }

  FeedOptions options_;
  uint64_t attributes_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewMispFeed(const FeedOptions& options) {
  return std::make_unique<MispFeed>(options);
}

}  // namespace cloister::feeds
