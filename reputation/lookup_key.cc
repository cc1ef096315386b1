#include "reputation/lookup_key.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/ip_address.h"
#include "reputation/names.h"

namespace cloister::reputation {
namespace {

constexpr internal::Named<ObjectKind> kKinds[] = {
    {ObjectKind::kFile, "file"}, {ObjectKind::kUrl, "url"},           {ObjectKind::kHost, "host"},
    {ObjectKind::kIp, "ip"},     {ObjectKind::kSoftware, "software"},
};

constexpr size_t kHeadSize = 2;

absl::string_view View(const Sha256Bytes& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

LookupForm FormOf(DigestAlgorithm algorithm) {
  return static_cast<LookupForm>(static_cast<uint16_t>(ObjectKind::kFile) << 8 |
                                 static_cast<uint16_t>(algorithm));
}

// Whether the body of an IP key is a network: no longer than the address, no host bits set.
bool IsNetwork(absl::string_view body) {
  size_t address_size = body.size() - 1;
  size_t length = static_cast<uint8_t>(body[address_size]);
  if (length > 8 * address_size) return false;
  size_t i = length / 8;
  if (length % 8 != 0) {
    if ((static_cast<uint8_t>(body[i]) & (0xff >> (length % 8))) != 0) return false;
    ++i;
  }
  return std::all_of(body.begin() + i, body.begin() + address_size, [](char c) { return c == 0; });
}

// Whether an IPv6 network is one that IpPrefix folds to IPv4, so that no key may name it.
bool FoldsToV4(absl::string_view body) {
  std::array<uint8_t, 16> address;
  std::copy_n(body.begin(), address.size(), address.begin());
  return static_cast<uint8_t>(body[16]) >= 96 && IpAddress::FromV6(address).is_v4();
}

}  // namespace

absl::string_view ObjectKindName(ObjectKind kind) { return internal::NameOf(kKinds, kind); }

std::optional<ObjectKind> ObjectKindFromName(absl::string_view name) {
  return internal::ValueOf(kKinds, name);
}

size_t LookupKeySize(uint8_t kind, uint8_t form) {
  switch (static_cast<LookupForm>(uint16_t{kind} << 8 | uint16_t{form})) {
    case LookupForm::kFileSha256:
    case LookupForm::kUrlExpression:
    case LookupForm::kUrlExpressionWithPort:
    case LookupForm::kHostName:
    case LookupForm::kSoftwarePurl:
    case LookupForm::kSoftwareSigner:
      return kHeadSize + 32;
    case LookupForm::kFileSha1:
      return kHeadSize + 20;
    case LookupForm::kFileMd5:
      return kHeadSize + 16;
    case LookupForm::kIpv4Prefix:
      return kHeadSize + 4 + 1;
    case LookupForm::kIpv6Prefix:
      return kHeadSize + 16 + 1;
  }
  return 0;
}

LookupKey LookupKey::Make(LookupForm form, absl::string_view body) {
  LookupKey key;
  key.bytes_[0] = static_cast<uint8_t>(static_cast<uint16_t>(form) >> 8);
  key.bytes_[1] = static_cast<uint8_t>(static_cast<uint16_t>(form) & 0xff);
  std::copy(body.begin(), body.end(), key.bytes_.begin() + kHeadSize);
  key.size_ = static_cast<uint8_t>(kHeadSize + body.size());
  return key;
}

LookupKey LookupKey::ForFile(const Digest& digest) {
  return Make(FormOf(digest.algorithm()), digest.bytes());
}

LookupKey LookupKey::ForUrlExpression(absl::string_view expression, bool with_port) {
  return Make(with_port ? LookupForm::kUrlExpressionWithPort : LookupForm::kUrlExpression,
              View(Sha256(expression)));
}

LookupKey LookupKey::ForHost(absl::string_view name) {
  return Make(LookupForm::kHostName, View(Sha256(name)));
}

LookupKey LookupKey::ForIpPrefix(const IpPrefix& prefix) {
  std::array<char, 17> body;
  absl::string_view address = prefix.address().bytes();
  std::copy(address.begin(), address.end(), body.begin());
  body[address.size()] = static_cast<char>(prefix.length());
  return Make(prefix.address().is_v4() ? LookupForm::kIpv4Prefix : LookupForm::kIpv6Prefix,
              {body.data(), address.size() + 1});
}

LookupKey LookupKey::ForPurl(absl::string_view purl) {
  return Make(LookupForm::kSoftwarePurl, View(Sha256(purl)));
}

LookupKey LookupKey::ForSigner(const Sha256Bytes& thumbprint) {
  return Make(LookupForm::kSoftwareSigner, View(thumbprint));
}

absl::StatusOr<LookupKey> LookupKey::Consume(absl::string_view* concatenated) {
  absl::string_view bytes = *concatenated;
  if (bytes.size() < kHeadSize) {
    return absl::InvalidArgumentError("a lookup key starts with a kind and a form byte");
  }
  size_t size = LookupKeySize(static_cast<uint8_t>(bytes[0]), static_cast<uint8_t>(bytes[1]));
  if (size == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no lookup key has kind and form 0x", absl::BytesToHexString(bytes.substr(0, kHeadSize))));
  }
  if (bytes.size() < size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a lookup key of this form has ", size, " bytes, and only ", bytes.size(), " are there"));
  }
  LookupKey key = Make(static_cast<LookupForm>(uint16_t{static_cast<uint8_t>(bytes[0])} << 8 |
                                               uint16_t{static_cast<uint8_t>(bytes[1])}),
                       bytes.substr(kHeadSize, size - kHeadSize));
  if (key.kind() == ObjectKind::kIp) {
    if (!IsNetwork(key.body())) {
      return absl::InvalidArgumentError(
          "an IP lookup key has a prefix length beyond its address, or host bits set");
    }
    if (key.form() == LookupForm::kIpv6Prefix && FoldsToV4(key.body())) {
      return absl::InvalidArgumentError(
          "an IPv4-mapped or NAT64 address has an IPv4 lookup key, not an IPv6 one");
    }
  }
  concatenated->remove_prefix(size);
  return key;
}

absl::StatusOr<LookupKey> LookupKey::Parse(absl::string_view bytes) {
  absl::string_view rest = bytes;
  absl::StatusOr<LookupKey> key = Consume(&rest);
  if (key.ok() && !rest.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(rest.size(), " bytes follow the lookup key where one alone belongs"));
  }
  return key;
}

}  // namespace cloister::reputation
