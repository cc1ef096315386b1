#include "reputation/object.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/host_name.h"

namespace cloister::reputation {
namespace {

constexpr absl::string_view kSignerPrefix = "signer:";

absl::string_view View(const Sha256Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Collects the keys of one object.
class KeyList {
 public:
  explicit KeyList(bool with_expressions) : with_expressions_(with_expressions) {
    result_.exact_count = 0;
  }

  void Add(const LookupKey& key, absl::string_view expression, bool exact) {
    result_.keys.push_back(key);
    if (with_expressions_) result_.expressions.emplace_back(expression);
    if (exact) ++result_.exact_count;
  }

  // The host itself is what is asked about.
  void AddHost(absl::string_view name) {
    AddHostSuffixes(name, true);
    if (result_.keys.empty()) Add(LookupKey::ForHost(name), name, true);
  }

  // `exact` says whether the name is the object, or what it falls back to.
  void AddHostSuffixes(absl::string_view name, bool exact) {
    for (absl::string_view suffix : HostSuffixes(name)) {
      Add(LookupKey::ForHost(suffix), suffix, exact);
      exact = false;
    }
  }

  void AddIp(const IpAddress& address, bool exact) {
    // An address has a prefix of its full length always.
    Add(LookupKey::ForIpPrefix(*IpPrefix::Make(address, address.bits())), address.ToString(),
        exact);
  }

  LookupKeys Take() { return std::move(result_); }

 private:
  bool with_expressions_;
  LookupKeys result_;
};

void AddUrl(const CanonicalUrl& url, KeyList* keys) {
  for (const UrlExpression& expression : UrlExpressions(url)) {
    keys->Add(LookupKey::ForUrlExpression(expression.text, expression.with_port), expression.text,
              expression.exact);
  }
  if (url.ip.has_value()) {
    keys->AddIp(*url.ip, false);
  } else {
    keys->AddHostSuffixes(url.host, false);
  }
}

void AddPurl(const PackageUrl& purl, KeyList* keys) {
  std::string text = purl.ToString();
  keys->Add(LookupKey::ForPurl(text), text, true);
  std::string plain = purl.WithoutQualifiers().ToString();
  if (plain != text) keys->Add(LookupKey::ForPurl(plain), plain, true);
  if (purl.version.empty()) return;
  std::string parent = purl.WithoutVersion().ToString();
  keys->Add(LookupKey::ForPurl(parent), parent, false);
}

// The address of an IP key of full length; nothing for any other key.
std::optional<IpAddress> WholeAddress(const LookupKey& key) {
  absl::string_view body = key.body();
  auto byte = [body](size_t i) { return static_cast<uint8_t>(body[i]); };
  if (key.form() == LookupForm::kIpv4Prefix && byte(4) == 32) {
    return IpAddress::FromV4(uint32_t{byte(0)} << 24 | uint32_t{byte(1)} << 16 |
                             uint32_t{byte(2)} << 8 | uint32_t{byte(3)});
  }
  if (key.form() == LookupForm::kIpv6Prefix && byte(16) == 128) {
    std::array<uint8_t, 16> bytes;
    std::copy_n(body.begin(), bytes.size(), bytes.begin());
    return IpAddress::FromV6(bytes);
  }
  return std::nullopt;
}

template <typename Lengths>
void AddShorterPrefixes(const IpAddress& address, const Lengths& lengths, LookupKeys* keys) {
  if (lengths.none()) return;
  bool with_expressions = !keys->expressions.empty();
  for (int length = address.bits() - 1; length >= 0; --length) {
    if (!lengths.test(static_cast<size_t>(length))) continue;
    absl::StatusOr<IpPrefix> prefix = IpPrefix::Make(address, length);
    keys->keys.push_back(LookupKey::ForIpPrefix(*prefix));
    if (with_expressions) keys->expressions.push_back(prefix->ToString());
  }
}

}  // namespace

bool LookupKeys::IsExact(size_t index) const {
  if (index < exact_count) return true;
  ObjectKind kind = keys[index].kind();
  return index > 0 && kind != keys.front().kind() && kind != keys[index - 1].kind();
}

absl::StatusOr<Object> Object::Url(absl::string_view text) {
  absl::StatusOr<CanonicalUrl> url = CanonicalizeUrl(text);
  if (!url.ok()) return url.status();
  return Object(*std::move(url));
}

absl::StatusOr<Object> Object::Host(absl::string_view text) {
  absl::StatusOr<std::string> name = CanonicalHostName(text);
  if (!name.ok()) {
    if (!IpAddress::Parse(text).ok()) return name.status();
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is an IP address: ask for kind ip"));
  }
  return Object(HostName{*std::move(name)});
}

absl::StatusOr<Object> Object::Ip(absl::string_view text) {
  absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (!address.ok()) return address.status();
  return Object(*address);
}

absl::StatusOr<Object> Object::Software(absl::string_view text) {
  if (absl::StartsWith(text, kSignerPrefix)) {
    absl::StatusOr<Digest> digest = Digest::FromHex(absl::StripPrefix(text, kSignerPrefix));
    if (!digest.ok() || digest->algorithm() != DigestAlgorithm::kSha256) {
      return absl::InvalidArgumentError(
          "\"signer:\" is followed by the certificate's SHA-256 thumbprint, 64 hexadecimal digits");
    }
    Signer signer;
    absl::string_view bytes = digest->bytes();
    std::copy(bytes.begin(), bytes.end(), signer.thumbprint.begin());
    return Object(signer);
  }
  absl::StatusOr<PackageUrl> purl = PackageUrl::Parse(text);
  if (!purl.ok()) return purl.status();
  return Object(*std::move(purl));
}

absl::StatusOr<Object> Object::FileHex(absl::string_view hex) {
  absl::StatusOr<Digest> digest = Digest::FromHex(hex);
  if (!digest.ok()) return digest.status();
  return File(*digest);
}

absl::StatusOr<Object> Object::Parse(ObjectKind kind, absl::string_view text) {
  switch (kind) {
    case ObjectKind::kFile:
      return FileHex(text);
    case ObjectKind::kUrl:
      return Url(text);
    case ObjectKind::kHost:
      return Host(text);
    case ObjectKind::kIp:
      return Ip(text);
    case ObjectKind::kSoftware:
      return Software(text);
  }
  return absl::InvalidArgumentError("no such kind of object; use file, url, host, ip or software");
}

ObjectKind Object::kind() const {
  static constexpr ObjectKind kKinds[] = {ObjectKind::kFile,     ObjectKind::kUrl,
                                          ObjectKind::kHost,     ObjectKind::kIp,
                                          ObjectKind::kSoftware, ObjectKind::kSoftware};
  return kKinds[value_.index()];
}

std::string Object::ToString() const {
  if (const auto* digest = std::get_if<Digest>(&value_)) return digest->ToHex();
  if (const auto* url = std::get_if<CanonicalUrl>(&value_)) return url->ToString();
  if (const auto* host = std::get_if<HostName>(&value_)) return host->name;
  if (const auto* address = std::get_if<IpAddress>(&value_)) return address->ToString();
  if (const auto* purl = std::get_if<PackageUrl>(&value_)) return purl->ToString();
  const Signer& signer = std::get<Signer>(value_);
  return absl::StrCat(kSignerPrefix, absl::BytesToHexString(View(signer.thumbprint)));
}

LookupKeys Object::Keys(bool with_expressions) const {
  KeyList keys(with_expressions);
  if (const auto* digest = std::get_if<Digest>(&value_)) {
    keys.Add(LookupKey::ForFile(*digest), with_expressions ? digest->ToHex() : "", true);
  } else if (const auto* url = std::get_if<CanonicalUrl>(&value_)) {
    AddUrl(*url, &keys);
  } else if (const auto* host = std::get_if<HostName>(&value_)) {
    keys.AddHost(host->name);
  } else if (const auto* address = std::get_if<IpAddress>(&value_)) {
    keys.AddIp(*address, true);
  } else if (const auto* purl = std::get_if<PackageUrl>(&value_)) {
    AddPurl(*purl, &keys);
  } else {
    keys.Add(LookupKey::ForSigner(std::get<Signer>(value_).thumbprint),
             with_expressions ? ToString() : "", true);
  }
  return keys.Take();
}

void AddIpPrefixes(const PrefixLengths& lengths, LookupKeys* keys) {
  if (keys->keys.empty()) return;
  std::optional<IpAddress> address = WholeAddress(keys->keys.back());
  if (!address.has_value()) return;
  if (address->is_v4()) {
    AddShorterPrefixes(*address, lengths.v4, keys);
  } else {
    AddShorterPrefixes(*address, lengths.v6, keys);
  }
}

}  // namespace cloister::reputation
