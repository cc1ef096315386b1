#include "sync/publisher/guards/named_object.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/digest.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "reputation/refang.h"
#include "reputation/url.h"

namespace cloister::publisher {
namespace {

using reputation::LookupKey;
using reputation::ObjectKind;

constexpr size_t kMaxShownBytes = 100;

// What most feeds write: no work is left then.
bool IsCanonicalName(absl::string_view name) {
  if (name.empty() || name.front() == '.' || name.back() == '.') return false;
  char before = '\0';
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain && (c != '.' || before == '.')) return false;
    before = c;
  }
  return true;
}

absl::Status NoObject(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMaxShownBytes)),
                   "\" is no digest, address, network, URL or host name"));
}

absl::StatusOr<LookupKey> KeyOfUrl(absl::string_view text) {
  const absl::StatusOr<reputation::CanonicalUrl> url = reputation::CanonicalizeUrl(text);
  if (!url.ok()) return NoObject(text);
  const reputation::UrlExpression listed = reputation::UrlExpressions(*url).front();
  return LookupKey::ForUrlExpression(listed.text, listed.with_port);
}

}  // namespace

absl::StatusOr<LookupKey> KeyOfText(absl::string_view text) {
  const std::string refanged = reputation::Refang(text);
  const auto digest = reputation::Digest::FromHex(refanged);
  if (digest.ok()) return LookupKey::ForFile(*digest);
  const auto prefix = reputation::IpPrefix::Parse(refanged);
  if (prefix.ok()) return LookupKey::ForIpPrefix(*prefix);
  if (refanged.find_first_of("/:?") != std::string::npos) return KeyOfUrl(refanged);
  const auto name = reputation::CanonicalHostName(absl::StripPrefix(refanged, "*."));
  return name.ok() ? absl::StatusOr<LookupKey>(LookupKey::ForHost(*name)) : NoObject(text);
}

std::string ObjectText(const feeds::FeedEntry& entry) {
  std::string text;
  switch (entry.key.kind()) {
    case ObjectKind::kFile:
      return absl::BytesToHexString(entry.key.body());
    case ObjectKind::kIp:
      if (const auto prefix = reputation::IpPrefix::Parse(entry.listed); prefix.ok()) {
        const bool alone = prefix->length() == prefix->address().bits();
        text = alone ? prefix->address().ToString() : prefix->ToString();
      }
      break;
    case ObjectKind::kHost:
      text = std::string(HostOf(entry, &text));
      break;
    case ObjectKind::kUrl:
      if (const auto url = reputation::CanonicalizeUrl(entry.listed); url.ok()) {
        text = url->ToString();
      }
      break;
    case ObjectKind::kSoftware:
      break;
  }
  return text.empty() ? absl::BytesToHexString(entry.key.bytes()) : text;
}

absl::string_view HostOf(const feeds::FeedEntry& entry, std::string* storage) {
  const absl::string_view listed = absl::StripPrefix(entry.listed, "*.");
  if (IsCanonicalName(listed)) return listed;
  absl::StatusOr<std::string> name = reputation::CanonicalHostName(listed);
  if (!name.ok()) return "";
  *storage = *std::move(name);
  return *storage;
}

}  // namespace cloister::publisher
