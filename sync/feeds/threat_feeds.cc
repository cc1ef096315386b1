#include "sync/feeds/threat_feeds.h"

#include <map>
#include <string>
#include <utility>

#include "sync/feeds/csv_table.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

// What exports write where they have nothing.
absl::string_view OrNothing(absl::string_view text) {
  for (const absl::string_view nothing : {"None", "null", "n/a"}) {
    if (text == nothing) return {};
  }
  return text;
}

class ThreatCsv : public LineFeedReader {
 public:
  ThreatCsv(const ThreatRowFormat& format, FeedOptions options)
      : format_(format), options_(std::move(options)) {}

 protected:
  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) override {
    CsvTable table(&lines);
    absl::Status header = table.ReadHeader(format_.columns);
    if (!lines.status().ok()) return lines.status();
    if (!header.ok()) return header;
    FeedOutput output(sink, report);
    const RowFields row = [&table](absl::string_view name) { return OrNothing(table.Get(name)); };
    while (table.Next()) {
      MayTellProgress(lines.number(), "lines");
      if (table.fault().has_value()) {
        output.Reject(*table.fault(), table.place());
        continue;
      }
      absl::Status taken = TakeAll(format_.listings(row, options_), table.place(), output);
      if (!taken.ok()) return taken;
    }
    return lines.status();
  }

 private:
  const ThreatRowFormat& format_;
  FeedOptions options_;
};

// The members of an object that are text or numbers, as text.
std::map<std::string, std::string, std::less<>> TextMembers(const nlohmann::json& object) {
  std::map<std::string, std::string, std::less<>> members;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) {
      members[name] = value.get_ref<const std::string&>();
    } else if (value.is_number() || value.is_boolean()) {
      members[name] = value.dump();
    }
  }
  return members;
}

class ThreatJson : public FeedReader {
 public:
  ThreatJson(const ThreatRowFormat& format, FeedOptions options)
      : format_(format), options_(std::move(options)) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    FeedOutput output(sink, report);
    uint64_t objects = 0;
    absl::Status walked =
        WalkJson(**bytes, Choose,
                 [this, &output, &objects](const JsonPlace& at, const nlohmann::json& value) {
                   if (at.path.size() == 2 && !at.path.back().empty()) return absl::OkStatus();
                   ++objects;
                   MayTellProgress(objects, "objects");
                   return TakeObject(at, value, output);
                 });
    report->SetLines(objects);
    if (!walked.ok() || objects > 0) return walked;
    return absl::InvalidArgumentError("no list of objects in it; is this another format?");
  }

 private:
  // The document, and the arrays that it consists of; then the objects in them.
  static JsonChoice Choose(const JsonPlace& at) {
    const bool element = !at.path.empty() && at.path.back().empty();
    return element || at.path.size() >= 2 ? JsonChoice::kTake : JsonChoice::kDescend;
  }

  absl::Status TakeObject(const JsonPlace& at, const nlohmann::json& value, FeedOutput& output) {
    if (at.oversized || !value.is_object()) {
      output.Reject({RowFault::kMalformed, at.oversized ? "the object is too large" : "no object"},
                    {at.line, ""});
      return absl::OkStatus();
    }
    const auto members = TextMembers(value);
    const RowFields row = [&members](absl::string_view name) -> absl::string_view {
      const auto found = members.find(std::string(name));
      return found != members.end() ? OrNothing(found->second) : absl::string_view();
    };
    return TakeAll(format_.listings(row, options_), {at.line, row(format_.shown)}, output);
  }

  const ThreatRowFormat& format_;
  FeedOptions options_;
};

}  // namespace

std::unique_ptr<FeedReader> NewThreatCsv(const ThreatRowFormat& format,
                                         const FeedOptions& options) {
  return std::make_unique<ThreatCsv>(format, options);
}

std::unique_ptr<FeedReader> NewThreatJson(const ThreatRowFormat& format,
                                          const FeedOptions& options) {
  return std::make_unique<ThreatJson>(format, options);
}

}  // namespace cloister::feeds
