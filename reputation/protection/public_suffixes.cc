#include "reputation/protection/public_suffixes.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reputation/host_name.h"
#include "storage/files/files.h"

namespace cloister::reputation {
namespace {

constexpr uint64_t kMaxListBytes = 16u << 20;

}  // namespace

absl::Status AddPublicSuffixes(const std::string& path, ProtectedSet* set) {
  absl::StatusOr<std::string> text = storage::ReadFile(path, kMaxListBytes);
  if (!text.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(text.status().message(), "; install the package publicsuffix"));
  }
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || absl::StartsWith(line, "//") || absl::StartsWith(line, "!")) continue;
    absl::StatusOr<std::string> name = CanonicalHostName(absl::StripPrefix(line, "*."));
    if (!name.ok() || !IsPublicSuffix(*name)) continue;
    if (absl::Status s = set->AddHost(*name, /*and_below=*/false); !s.ok()) return s;
  }
  set->ProtectPublicSuffixes();
  return absl::OkStatus();
}

}  // namespace cloister::reputation
