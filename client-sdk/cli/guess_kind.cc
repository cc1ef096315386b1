#include "client-sdk/cli/guess_kind.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "reputation/refang.h"

namespace cloister::cli {
namespace {

absl::Status NotUnderstood(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", why));
}

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

// The hexadecimal digits of a digest, with or without its algorithm before it; "" if it is none.
absl::string_view DigestDigits(absl::string_view text) {
  constexpr std::pair<absl::string_view, size_t> kPrefixes[] = {
      {"sha256:", 64}, {"sha1:", 40}, {"md5:", 32}};
  for (const auto& [prefix, digits] : kPrefixes) {
    if (!absl::StartsWithIgnoreCase(text, prefix)) continue;
    text.remove_prefix(prefix.size());
    return text.size() == digits && IsHex(text) ? text : absl::string_view();
  }
  const bool has_length = text.size() == 64 || text.size() == 40 || text.size() == 32;
  return has_length && IsHex(text) ? text : absl::string_view();
}

// Why `text`, which no digest was found in, is a digest all the same, with digits lost or added;
// "" if it is not. A host may consist of hexadecimal digits, but hardly of so many.
std::string BrokenDigest(absl::string_view text) {
  constexpr size_t kMinDigits = 24;
  constexpr std::pair<absl::string_view, absl::string_view> kPrefixes[] = {
      {"sha256:", "64"}, {"sha1:", "40"}, {"md5:", "32"}};
  for (const auto& [prefix, digits] : kPrefixes) {
    if (!absl::StartsWithIgnoreCase(text, prefix)) continue;
    return absl::StrCat("is not a digest: ", prefix, " is followed by ", digits,
                        " hexadecimal digits, not by ", text.size() - prefix.size(),
                        " characters such as these");
  }
  if (text.size() < kMinDigits || !IsHex(text)) return "";
  return absl::StrCat("has ", text.size(),
                      " hexadecimal digits, and a digest has 64 (SHA-256), 40 (SHA-1) or 32 "
                      "(MD5); if it is something else, say what with --kind");
}

bool LooksLikePath(absl::string_view text) {
  return absl::StartsWith(text, "/") || absl::StartsWith(text, "./") ||
         absl::StartsWith(text, "../") || absl::StartsWith(text, "~/");
}

// "host:8080": a port after a name or an IPv4 address.
bool EndsInPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon + 1 == text.size()) return false;
  const absl::string_view port = text.substr(colon + 1);
  const bool one_colon = text.find(':') == colon;
  const bool bracketed = colon > 0 && text[colon - 1] == ']';
  return (one_colon || bracketed) && std::all_of(port.begin(), port.end(), absl::ascii_isdigit);
}

bool LooksLikeUrl(absl::string_view text) {
  return absl::StrContains(text, "://") || absl::StartsWithIgnoreCase(text, "www.") ||
         text.find_first_of("/?#") != absl::string_view::npos || EndsInPort(text);
}

bool IsAddress(absl::string_view text) {
  return reputation::IpAddress::Parse(text).ok() || reputation::IpPrefix::Parse(text).ok();
}

}  // namespace

absl::StatusOr<Guess> GuessKind(absl::string_view text, bool names_a_file) {
  if (names_a_file) return Guess{true, ObjectKind::kFile, std::string(text)};
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  if (trimmed.empty()) return NotUnderstood(text, "is empty");
  if (const absl::string_view digits = DigestDigits(trimmed); !digits.empty()) {
    return Guess{false, ObjectKind::kFile, absl::AsciiStrToLower(digits)};
  }
  if (const std::string why = BrokenDigest(trimmed); !why.empty()) {
    return NotUnderstood(text, why);
  }
  if (absl::StartsWithIgnoreCase(trimmed, "pkg:") ||
      absl::StartsWithIgnoreCase(trimmed, "signer:")) {
    return Guess{false, ObjectKind::kSoftware, std::string(trimmed)};
  }
  if (LooksLikePath(trimmed)) return NotUnderstood(text, "is not a file that can be read");
  const std::string plain = reputation::Refang(trimmed);
  if (IsAddress(plain)) return Guess{false, ObjectKind::kIp, plain};
  if (LooksLikeUrl(plain)) return Guess{false, ObjectKind::kUrl, plain};
  if (absl::StrContains(plain, "@")) {
    return NotUnderstood(text,
                         "looks like an e-mail address: give its domain, with "
                         "--context sender_domain");
  }
  if (reputation::CanonicalHostName(plain).ok()) return Guess{false, ObjectKind::kHost, plain};
  return NotUnderstood(text,
                       "is neither a file here nor a digest, URL, host, IP address or "
                       "package URL; say which with --kind");
}

}  // namespace cloister::cli
