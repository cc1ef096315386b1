#include "sync/bundle/bundle_index.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "sync/bundle/member_name.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/json_fields.h"

namespace cloister::bundle {
namespace {

using nlohmann::ordered_json;
using reputation::Rejected;
using reputation::RejectReason;
using trust::FieldErrors;
using trust::JsonFields;

constexpr uint64_t kFormat = 1;
constexpr uint32_t kMaxDepth = 8;
constexpr size_t kSha256Digits = 64;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

BundleMember ReadMember(const JsonFields& fields, FieldErrors* errors) {
  BundleMember member{fields.String("path"), fields.Integer("bytes"), fields.String("sha256")};
  const bool hexadecimal =
      member.sha256.size() == kSha256Digits &&
      std::all_of(member.sha256.begin(), member.sha256.end(),
                  [](unsigned char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
  if (!hexadecimal) errors->Add("members.sha256", "must be 64 hexadecimal digits");
  return member;
}

BundleFeed ReadFeed(const nlohmann::json& json, size_t number, FieldErrors* errors) {
  const std::string place = absl::StrCat("feeds[", number, "]");
  const JsonFields fields(json, place, errors);
  BundleFeed feed;
  feed.feed = fields.String("feed");
  if (errors->ok() && !IsFeedName(feed.feed)) errors->Add(place, "must name a feed");
  feed.from_version = fields.Integer("from");
  feed.to_version = fields.Integer("to");
  feed.timestamp_version = fields.Integer("timestamp_version");
  if (fields.Has("issued")) feed.issued = fields.Time("issued");
  feed.expires = fields.Time("expires");
  for (const nlohmann::json& member : fields.Array("members")) {
    feed.members.push_back(ReadMember(JsonFields(member, place + ".members", errors), errors));
    if (!errors->ok()) break;
  }
  return feed;
}

absl::Status CheckSize(const BundleMember& member, bool is_metadata, const BundleLimits& limits) {
  const uint64_t limit = is_metadata ? limits.max_metadata_bytes : limits.max_target_bytes;
  if (member.bytes <= limit) return absl::OkStatus();
  return Rejected(
      RejectReason::kBundleTooLarge,
      absl::StrCat(member.path, " has ", member.bytes, " bytes, at most ", limit, " are taken"));
}

absl::Status CheckMembers(const BundleFeed& feed, const BundleLimits& limits) {
  std::set<std::string> names;
  bool targets_began = false;
  for (const BundleMember& member : feed.members) {
    absl::StatusOr<MemberName> name = ParseMemberName(member.path);
    if (!name.ok()) return name.status();
    if (name->feed != feed.feed) {
      return Rejected(RejectReason::kBundleMalformed,
                      absl::StrCat(member.path, " is listed as a file of the feed ", feed.feed));
    }
    if (!names.insert(absl::AsciiStrToLower(member.path)).second) {
      return Rejected(RejectReason::kBundleDuplicate,
                      absl::StrCat("its index lists ", member.path, " twice"));
    }
    if (name->is_metadata && targets_began) {
      return Rejected(RejectReason::kBundleOrder,
                      absl::StrCat("its index has ", member.path, " after targets"));
    }
    targets_began = !name->is_metadata;
    if (absl::Status s = CheckSize(member, name->is_metadata, limits); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status CheckFeeds(const BundleIndex& index, const BundleLimits& limits) {
  if (index.feeds.empty()) {
    return Rejected(RejectReason::kBundleMalformed, "its index lists no feed");
  }
  if (index.feeds.size() > limits.max_feeds || index.members() > limits.max_members) {
    return Rejected(
        RejectReason::kBundleTooLarge,
        absl::StrCat("has ", index.feeds.size(), " feeds and ", index.members(), " files, at most ",
                     limits.max_feeds, " and ", limits.max_members, " are taken"));
  }
  std::set<std::string> names;
  for (const BundleFeed& feed : index.feeds) {
    if (!names.insert(feed.feed).second) {
      return Rejected(RejectReason::kBundleDuplicate,
                      absl::StrCat("its index lists the feed ", feed.feed, " twice"));
    }
    if (absl::Status s = CheckMembers(feed, limits); !s.ok()) return s;
  }
  if (index.bytes() <= limits.max_total_bytes) return absl::OkStatus();
  return Rejected(RejectReason::kBundleTooLarge,
                  absl::StrCat("unpacks to ", index.bytes(), " bytes, at most ",
                               limits.max_total_bytes, " are taken"));
}

}  // namespace

uint64_t BundleIndex::members() const {
  uint64_t count = 0;
  for (const BundleFeed& feed : feeds) count += feed.members.size();
  return count;
}

uint64_t BundleIndex::bytes() const {
  uint64_t sum = 0;
  for (const BundleFeed& feed : feeds) {
    for (const BundleMember& member : feed.members) sum += member.bytes;
  }
  return sum;
}

std::string EncodeIndex(const BundleIndex& index) {
  ordered_json feeds = ordered_json::array();
  for (const BundleFeed& feed : index.feeds) {
    ordered_json members = ordered_json::array();
    for (const BundleMember& member : feed.members) {
      members.push_back(
          {{"path", member.path}, {"bytes", member.bytes}, {"sha256", member.sha256}});
    }
    ordered_json json = {{"feed", feed.feed},
                         {"from", feed.from_version},
                         {"to", feed.to_version},
                         {"timestamp_version", feed.timestamp_version}};
    if (feed.issued != absl::InfinitePast()) json["issued"] = TimeText(feed.issued);
    json["expires"] = TimeText(feed.expires);
    json["members"] = std::move(members);
    feeds.push_back(std::move(json));
  }
  return ordered_json{{"format", kFormat}, {"created", TimeText(index.created)}, {"feeds", feeds}}
             .dump(1) +
         "\n";
}

absl::StatusOr<BundleIndex> DecodeIndex(absl::string_view text, const BundleLimits& limits) {
  auto json = trust::ParseJson(text, limits.max_index_bytes, kMaxDepth);
  if (!json.ok()) {
    return Rejected(
        RejectReason::kBundleMalformed,
        absl::StrCat(kIndexName, ": ", reputation::MessageWithoutReason(json.status())));
  }
  FieldErrors errors(RejectReason::kBundleMalformed);
  const JsonFields fields(*json, kIndexName, &errors);
  const uint64_t format = fields.Integer("format");
  if (errors.ok() && format != kFormat) {
    errors.Add("format", absl::StrCat("is ", format, "; this program reads ", kFormat));
  }
  BundleIndex index;
  index.created = fields.Time("created");
  for (const nlohmann::json& feed : fields.Array("feeds")) {
    if (!errors.ok()) break;
    index.feeds.push_back(ReadFeed(feed, index.feeds.size(), &errors));
  }
  if (!errors.ok()) return errors.first();
  if (absl::Status s = CheckFeeds(index, limits); !s.ok()) return s;
  return index;
}

}  // namespace cloister::bundle
