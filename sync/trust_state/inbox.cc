#include "sync/trust_state/inbox.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/json_fields.h"

namespace cloister::trust {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxName = 128;  // without the suffix
constexpr uint64_t kMaxBytes = 1 << 20;
constexpr uint32_t kMaxDepth = 4;

bool IsState(absl::string_view state) {
  constexpr absl::string_view kStates[] = {"waiting", "importing", "imported", "unchanged",
                                           "refused"};
  return std::find(std::begin(kStates), std::end(kStates), state) != std::end(kStates);
}

ordered_json ToJson(const FeedImport& feed) {
  return {{"feed", feed.feed},       {"state", feed.state},   {"version", feed.version},
          {"expired", feed.expired}, {"reason", feed.reason}, {"message", feed.message}};
}

std::string ReadState(const JsonFields& fields) {
  std::string state = fields.String("state");
  if (!IsState(state)) fields.Wrong("state", "is not the state of an import");
  return state;
}

FeedImport ReadFeed(const nlohmann::json& json, FieldErrors* errors) {
  const JsonFields fields(json, "feeds", errors);
  FeedImport feed;
  feed.feed = fields.String("feed");
  feed.state = ReadState(fields);
  feed.version = fields.Integer("version");
  feed.expired = fields.Bool("expired");
  feed.reason = fields.String("reason");
  feed.message = fields.String("message");
  return feed;
}

}  // namespace

bool IsBundleFileName(absl::string_view name) {
  return absl::ConsumeSuffix(&name, kBundleSuffix) && !name.empty() && name.size() <= kMaxName &&
         name[0] != '.' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
}

std::string BundleImportPath(absl::string_view spool_directory, absl::string_view name) {
  return absl::StrCat(spool_directory, "/", kImportsFolder, "/", name, ".json");
}

std::string EncodeBundleImport(const BundleImport& import) {
  ordered_json feeds = ordered_json::array();
  for (const FeedImport& feed : import.feeds) feeds.push_back(ToJson(feed));
  const ordered_json json = {
      {"bundle", import.bundle},
      {"sha256", import.sha256},
      {"state", import.state},
      {"finished", absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", import.finished, absl::UTCTimeZone())},
      {"reason", import.reason},
      {"message", import.message},
      {"feeds", feeds}};
  // Messages may quote what a bundle holds; bytes that are no UTF-8 become replacement characters.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

absl::StatusOr<BundleImport> DecodeBundleImport(absl::string_view text) {
  auto json = ParseJson(text, kMaxBytes, kMaxDepth);
  if (!json.ok()) return absl::DataLossError(json.status().message());
  FieldErrors errors(reputation::RejectReason::kMetadataMalformed);
  const JsonFields fields(*json, "import", &errors);
  BundleImport import;
  import.bundle = fields.String("bundle");
  import.sha256 = fields.String("sha256");
  import.state = ReadState(fields);
  import.finished = fields.Time("finished");
  import.reason = fields.String("reason");
  import.message = fields.String("message");
  for (const nlohmann::json& feed : fields.Array("feeds")) {
    import.feeds.push_back(ReadFeed(feed, &errors));
  }
  if (!errors.ok()) return absl::DataLossError(errors.first().message());
  return import;
}

}  // namespace cloister::trust
