#include "sync/trust_state/spool.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace cloister::trust {
namespace {

constexpr size_t kNameDigits = 20;  // as many as the largest 64-bit number has

}  // namespace

std::string SpoolEntryName(uint64_t timestamp_version) {
  return absl::StrFormat("%0*d", static_cast<int>(kNameDigits), timestamp_version);
}

std::optional<uint64_t> SpoolEntryVersion(absl::string_view name) {
  if (name.size() != kNameDigits) return std::nullopt;
  for (char c : name) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  uint64_t version;
  if (!absl::SimpleAtoi(name, &version)) return std::nullopt;
  return version;
}

}  // namespace cloister::trust
