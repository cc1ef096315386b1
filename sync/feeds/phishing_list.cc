#include "sync/feeds/phishing_list.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;

enum class ListKind { kNone, kDeny, kDenyPaths, kAllow, kLikeness };

ListKind KindOf(absl::string_view name) {
  if (name == "deny" || name == "blacklist" || name == "blocklist") return ListKind::kDeny;
  if (name == "denySub") return ListKind::kDenyPaths;
  if (name == "allow" || name == "whitelist" || name == "allowlist") return ListKind::kAllow;
  return name == "fuzzylist" ? ListKind::kLikeness : ListKind::kNone;
}

class PhishingList : public FeedReader {
 public:
  explicit PhishingList(const FeedOptions& options)
      : denied_(ThreatDefaults(options, reputation::Verdict::kMalicious,
                               {reputation::Category::kPhishing})) {
    allowed_.record.excluded = true;
  }

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    FeedOutput output(sink, report);
    uint64_t names = 0;
    bool denies = false;
    const auto choose = [&denies](const JsonPlace& place) {
      if (place.path.empty()) return JsonChoice::kDescend;
      const ListKind kind = KindOf(place.path[0]);
      denies = denies || kind == ListKind::kDeny;
      if (kind == ListKind::kNone) return JsonChoice::kSkip;
      return place.path.size() == 1 ? JsonChoice::kDescend : JsonChoice::kTake;
    };
    const auto visit = [&](const JsonPlace& place, const json& value) {
      MayTellProgress(++names, "names");
      return Take(KindOf(place.path[0]), value, place.line, output);
    };
    absl::Status walked = WalkJson(**bytes, choose, visit);
    report->SetLines(names);
    if (!walked.ok() || denies) return walked;
    return absl::InvalidArgumentError(
        "not a list of phishing hosts: there is no member \"deny\" (polkadot) and no "
        "\"blacklist\" (eth-phishing-detect)");
  }

 private:
  absl::Status Take(ListKind kind, const json& value, uint64_t line, FeedOutput& output) const {
    if (!value.is_string()) {
      output.Reject({RowFault::kMalformed, "no name"}, {line, ""});
      return absl::OkStatus();
    }
    const std::string& text = value.get_ref<const std::string&>();
    const RowPlace place{line, text};
    if (kind == ListKind::kLikeness) {
      output.Reject({RowFault::kContextOnly, "a name that pages are likened to, not a bad one"},
                    place);
      return absl::OkStatus();
    }
    Listing base = kind == ListKind::kAllow ? allowed_ : denied_;
    const bool path = kind == ListKind::kDenyPaths;
    if (!absl::StartsWith(text, "*.")) base.scope = reputation::Scope::kSubtree;
    return TakeAll(ListingsOf(text, path ? IndicatorKind::kUrl : IndicatorKind::kHost, base), place,
                   output);
  }

  Listing denied_;
  Listing allowed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewPhishingList(const FeedOptions& options) {
  return std::make_unique<PhishingList>(options);
}

}  // namespace cloister::feeds
