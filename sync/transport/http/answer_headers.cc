#include "sync/transport/http/answer_headers.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace cloister::transport {
namespace {

constexpr absl::Duration kLongestWait = absl::Hours(24);

// Digits only: SimpleAtoi also takes signs and white space.
std::optional<uint64_t> Number(absl::string_view text) {
  uint64_t number = 0;
  const bool digits =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (text.empty() || !digits || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

// The number before `separator`, which is taken off with it.
std::optional<uint64_t> NumberBefore(char separator, absl::string_view* text) {
  const size_t end = text->find(separator);
  if (end == absl::string_view::npos) return std::nullopt;
  const auto number = Number(text->substr(0, end));
  text->remove_prefix(end + 1);
  return number;
}

std::optional<absl::Time> HttpDate(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, &error)) return std::nullopt;
  return time;
}

std::string HashHex(const EVP_MD* algorithm, absl::string_view body) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(body.data(), body.size(), hash, &size, algorithm, nullptr) != 1) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), size));
}

}  // namespace

std::optional<ContentRange> ParseContentRange(absl::string_view value) {
  if (!absl::ConsumePrefix(&value, "bytes ")) return std::nullopt;
  const auto first = NumberBefore('-', &value);
  const auto last = NumberBefore('/', &value);
  const auto length = Number(value);
  if (!first || !last || *last < *first || (!length && value != "*")) return std::nullopt;
  if (length && *last >= *length) return std::nullopt;
  return ContentRange{*first, *last, length};
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::string_view date) {
  if (const auto seconds = Number(value)) {
    const uint64_t longest = static_cast<uint64_t>(absl::ToInt64Seconds(kLongestWait));
    return absl::Seconds(std::min(*seconds, longest));
  }
  const auto until = HttpDate(value);
  const auto from = HttpDate(date);
  if (!until || !from) return std::nullopt;
  return std::clamp(*until - *from, absl::ZeroDuration(), kLongestWait);
}

bool IsTagOfContent(absl::string_view tag, absl::string_view body) {
  absl::ConsumePrefix(&tag, "W/");
  if (!absl::ConsumePrefix(&tag, "\"") || !absl::ConsumeSuffix(&tag, "\"")) return false;
  for (const EVP_MD* algorithm : {EVP_sha256(), EVP_sha1(), EVP_md5()}) {
    const std::string hash = HashHex(algorithm, body);
    if (!hash.empty() && tag == hash) return true;
  }
  return false;
}

}  // namespace cloister::transport
