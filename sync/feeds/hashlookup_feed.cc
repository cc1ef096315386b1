#include "sync/feeds/hashlookup_feed.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/nsrl_row.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;
using reputation::Verdict;

// The first of these members that is a text.
absl::string_view AnyOf(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const absl::string_view text = JsonText(object, name);
    if (!text.empty()) return text;
  }
  return "";
}

reputation::Label LabelOf(const json& answer) {
  const json* product = JsonMember(answer, "ProductCode");
  const json& named = product != nullptr && product->is_object() ? *product : answer;
  const json* system = JsonMember(answer, "OpSystemCode");
  return NsrlLabel(AnyOf(named, {"ProductName", "PackageName"}),
                   AnyOf(named, {"ProductVersion", "PackageVersion"}),
                   system != nullptr ? JsonText(*system, "OpSystemName") : "",
                   AnyOf(named, {"MfgName", "PackageMaintainer"}));
}

FeedOptions OptionsFor(const json& answer, FeedOptions options) {
  if (JsonMember(answer, "KnownMalicious") != nullptr) {
    // The trust is in the file, and grows with how often it is packed: it says nothing for this.
    options.verdict = Verdict::kMalicious;
    return options;
  }
  const json* trust = JsonMember(answer, "hashlookup:trust");
  const double value = trust != nullptr && trust->is_number() ? trust->get<double>() : -1;
  if (value >= 0 && value <= 100) options.confidence = static_cast<uint8_t>(value);
  return options;
}

// In a report the one digest is called "hash".
NsrlRow RowOf(const json& answer) {
  NsrlRow row;
  row.sha256 = AnyOf(answer, {"SHA-256", "sha256", "SHA256"});
  row.sha1 = AnyOf(answer, {"SHA-1", "sha1", "SHA1"});
  row.md5 = AnyOf(answer, {"MD5", "md5"});
  const absl::string_view hash = JsonText(answer, "hash");
  if (hash.size() == 64) row.sha256 = hash;
  if (hash.size() == 40) row.sha1 = hash;
  if (hash.size() == 32) row.md5 = hash;
  return row;
}

class HashlookupFeed : public FeedReader {
 public:
  explicit HashlookupFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    FeedOutput output(sink, report);
    answers_ = 0;
    absl::StatusOr<bool> one = IsOneAnswer(source);
    if (!one.ok()) return one.status();
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    const bool take_document = *one;
    const auto choose = [take_document](const JsonPlace& place) {
      if (place.path.empty()) return take_document ? JsonChoice::kTake : JsonChoice::kDescend;
      if (place.Is({"known_files"})) return JsonChoice::kDescend;
      const bool answer = place.Is({""}) || place.Is({"known_files", ""});
      return answer ? JsonChoice::kTake : JsonChoice::kSkip;
    };
    const auto visit = [&](const JsonPlace& place, const json& answer) {
      return Take(place, answer, output);
    };
    absl::Status walked = WalkJson(**bytes, choose, visit);
    report->SetLines(answers_);
    return walked;
  }

 private:
  // A document that is an answer itself has its digests as members.
  static absl::StatusOr<bool> IsOneAnswer(const FeedSource& source) {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    bool list = false;
    bool members = false;
    const auto choose = [&](const JsonPlace& place) {
      if (place.path.empty()) return JsonChoice::kDescend;
      const std::string& name = place.path[0];
      list = list || name.empty() || name == "known_files" || name == "unknown_files";
      members =
          members || name == "SHA-256" || name == "SHA-1" || name == "MD5" || name == "message";
      return JsonChoice::kSkip;
    };
    const auto visit = [](const JsonPlace&, const json&) { return absl::OkStatus(); };
    absl::Status walked = WalkJson(**bytes, choose, visit);
    if (!walked.ok()) return walked;
    if (!list && !members) {
      return absl::InvalidArgumentError(
          "not an answer of hashlookup, a list of them, or a report with \"known_files\"");
    }
    return !list;
  }

  absl::Status Take(const JsonPlace& place, const json& answer, FeedOutput& output) {
    MayTellProgress(++answers_, "objects");
    const std::string text =
        absl::StrCat("answer ", answers_, " ", AnyOf(answer, {"FileName", "message"}));
    if (place.oversized) {
      output.Reject({RowFault::kMalformed, "larger than any real answer"}, {place.line, text});
      return absl::OkStatus();
    }
    if (!JsonText(answer, "message").empty()) {
      output.Reject({RowFault::kContextOnly, "nothing is known of it"}, {place.line, text});
      return absl::OkStatus();
    }
    return TakeNsrlRow(RowOf(answer), LabelOf(answer), OptionsFor(answer, options_), place.line,
                       output);
  }

  FeedOptions options_;
  uint64_t answers_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewHashlookupFeed(const FeedOptions& options) {
  return std::make_unique<HashlookupFeed>(options);
}

}  // namespace cloister::feeds
