#include "sync/bundle/member_name.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "sync/transport/repository_file_name.h"

namespace cloister::bundle {
namespace {

constexpr size_t kMaxFeedName = 64;
constexpr size_t kMaxTarName = 100;    // after the last slash
constexpr size_t kMaxTarPrefix = 155;  // before it
constexpr size_t kMaxShown = 300;      // of a name in a message
constexpr size_t kSha256Digits = 64;

absl::Status Refuse(absl::string_view path, absl::string_view why) {
  return reputation::Rejected(
      reputation::RejectReason::kBundlePath,
      absl::StrCat("\"", absl::CHexEscape(path.substr(0, kMaxShown)), "\" ", why));
}

// "7.root.json", without leading zeros: one version has one name.
bool IsVersioned(absl::string_view file) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(file, absl::MaxSplits('.', 1));
  uint64_t version;
  absl::string_view role = parts.second;
  return absl::SimpleAtoi(parts.first, &version) && absl::StrCat(version) == parts.first &&
         absl::ConsumeSuffix(&role, ".json") && !role.empty();
}

bool IsHashed(absl::string_view file) {
  if (file.size() <= kSha256Digits + 1 || file[kSha256Digits] != '.') return false;
  const absl::string_view hash = file.substr(0, kSha256Digits);
  return std::all_of(hash.begin(), hash.end(), [](unsigned char c) {
    return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
  });
}

}  // namespace

bool IsFeedName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxFeedName && name[0] != '-' && name[0] != '_' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
         });
}

absl::StatusOr<MemberName> ParseMemberName(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || !IsFeedName(parts[0]) ||
      !transport::CheckRepositoryFileName(parts[2]).ok()) {
    return Refuse(path, "is not the name of a repository's file, below the name of its feed");
  }
  const bool is_metadata = parts[1] == "metadata";
  const bool known = is_metadata ? parts[2] == "timestamp.json" || IsVersioned(parts[2])
                                 : parts[1] == "targets" && IsHashed(parts[2]);
  if (!known) return Refuse(path, "is neither signed metadata nor a target with its hash");
  if (parts[2].size() > kMaxTarName || parts[0].size() + 1 + parts[1].size() > kMaxTarPrefix) {
    return Refuse(path, "is too long for the header of a tar file");
  }
  return MemberName{std::string(parts[0]), is_metadata, std::string(parts[2])};
}

}  // namespace cloister::bundle
