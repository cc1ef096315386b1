#include "sync/transport/repository_file_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::transport {

absl::Status CheckRepositoryFileName(absl::string_view name) {
  constexpr size_t kMaxLength = 255;
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '+';
  });
  if (plain && !name.empty() && name.size() <= kMaxLength && name[0] != '.') {
    return absl::OkStatus();
  }
  return reputation::Rejected(
      reputation::RejectReason::kTargetUndescribed,
      absl::StrCat("\"", absl::CHexEscape(name.substr(0, kMaxLength)),
                   "\" is no file name for a repository: letters, digits and . _ - + only"));
}

}  // namespace cloister::transport
