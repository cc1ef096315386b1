#include "sync/trust/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/hash.h"

namespace cloister::trust {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kEd25519KeyBytes = 32;  // RFC 8032
constexpr size_t kEd25519SignatureBytes = 64;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
constexpr size_t kMaxSignatureBytes = kMaxRsaBits / 8;
constexpr size_t kMaxPemBytes = 4096;  // RSA with 8192 bits takes 1.5 KiB

enum class Algorithm { kUnknown, kEd25519, kEcdsaP256, kRsaPss };

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using OwnedKey = std::unique_ptr<EVP_PKEY, FreeKey>;

// A refused key or signature must not leave errors behind, where a TLS connection that the same
// thread serves would take them for its own.
struct QuietErrors {
  QuietErrors() { ERR_set_mark(); }
  ~QuietErrors() { ERR_pop_to_mark(); }
};

const unsigned char* Data(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Algorithm AlgorithmOf(const PublicKey& key) {
  const std::string& type = key.key_type;
  if (key.scheme == "ed25519") {
    return type == "ed25519" ? Algorithm::kEd25519 : Algorithm::kUnknown;
  }
  if (key.scheme == "ecdsa-sha2-nistp256") {
    const bool known = type == "ecdsa" || type == "ecdsa-sha2-nistp256";
    return known ? Algorithm::kEcdsaP256 : Algorithm::kUnknown;
  }
  if (key.scheme == "rsassa-pss-sha256") {
    return type == "rsa" ? Algorithm::kRsaPss : Algorithm::kUnknown;
  }
  return Algorithm::kUnknown;
}

// The bytes that `hex` stands for; empty unless they are 1 to `max_bytes`.
std::string FromHex(absl::string_view hex, size_t max_bytes) {
  if (hex.size() % 2 != 0 || hex.size() > 2 * max_bytes) return "";
  for (char c : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return "";
  }
  return absl::HexStringToBytes(hex);
}

OwnedKey Ed25519Key(const PublicKey& key) {
  std::string bytes = FromHex(key.public_value, kEd25519KeyBytes);
  if (bytes.size() != kEd25519KeyBytes) return nullptr;
  return OwnedKey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Data(bytes), bytes.size()));
}

// Read here rather than by OpenSSL's PEM functions, which also take other blocks and formats, and
// may ask for a password on the terminal.
OwnedKey KeyFromPem(absl::string_view pem) {
  if (pem.size() > kMaxPemBytes) return nullptr;
  pem = absl::StripAsciiWhitespace(pem);
  std::string der;
  if (!absl::ConsumePrefix(&pem, "-----BEGIN PUBLIC KEY-----") ||
      !absl::ConsumeSuffix(&pem, "-----END PUBLIC KEY-----") || !absl::Base64Unescape(pem, &der)) {
    return nullptr;
  }
  const unsigned char* place = Data(der);
  const unsigned char* end = place + der.size();
  OwnedKey key(d2i_PUBKEY(nullptr, &place, static_cast<long>(der.size())));
  return place == end ? std::move(key) : nullptr;
}

bool IsNamedP256(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
  // Parameters that are written out could say anything but the curve that they look like.
  int is_explicit = 1;
  char group[32] = "";
  return EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                &is_explicit) == 1 &&
         is_explicit == 0 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                        nullptr) == 1 &&
         absl::string_view(group) == "prime256v1";
}

// Null if it is no key of its type and scheme.
OwnedKey Load(const PublicKey& key) {
  const Algorithm algorithm = AlgorithmOf(key);
  if (algorithm == Algorithm::kUnknown) return nullptr;
  if (algorithm == Algorithm::kEd25519) return Ed25519Key(key);
  OwnedKey loaded = KeyFromPem(key.public_value);
  if (loaded == nullptr) return nullptr;
  if (algorithm == Algorithm::kEcdsaP256)
    return IsNamedP256(loaded.get()) ? std::move(loaded) : nullptr;
  const int bits = EVP_PKEY_get_bits(loaded.get());
  const bool fits = EVP_PKEY_get_base_id(loaded.get()) == EVP_PKEY_RSA && bits >= kMinRsaBits &&
                    bits <= kMaxRsaBits;
  return fits ? std::move(loaded) : nullptr;
}

std::string NumberOf(EVP_PKEY* key, const char* parameter) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &number) != 1) return "";
  std::unique_ptr<BIGNUM, FreeNumber> owned(number);
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return absl::BytesToHexString(bytes);
}

const std::string* StringMember(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace

json PublicKeyToJson(const PublicKey& key) {
  return {{"keytype", key.key_type},
          {"keyval", {{"public", key.public_value}}},
          {"scheme", key.scheme}};
}

absl::StatusOr<PublicKey> PublicKeyFromJson(const json& value) {
  auto malformed = [](absl::string_view what) {
    return Rejected(RejectReason::kMetadataMalformed, what);
  };
  if (!value.is_object()) return malformed("a key is not an object");
  auto keyval = value.find("keyval");
  if (keyval == value.end() || !keyval->is_object()) {
    return malformed("a key's keyval is not an object");
  }
  const std::string* key_type = StringMember(value, "keytype");
  const std::string* scheme = StringMember(value, "scheme");
  const std::string* public_value = StringMember(*keyval, "public");
  if (key_type == nullptr || scheme == nullptr || public_value == nullptr) {
    return malformed("a key's keytype, scheme or keyval.public is not a string");
  }
  return PublicKey{*key_type, *scheme, *public_value};
}

std::string KeyId(const PublicKey& key) {
  absl::StatusOr<std::string> canonical = CanonicalJson(PublicKeyToJson(key));
  return canonical.ok() ? HashHex("sha256", *canonical) : "";
}

std::string KeyIdentity(const PublicKey& key) {
  QuietErrors quiet;
  OwnedKey loaded = Load(key);
  if (loaded == nullptr) {
    return absl::StrCat("unknown ", key.key_type, " ", key.scheme, " ", key.public_value);
  }
  switch (AlgorithmOf(key)) {
    case Algorithm::kEcdsaP256:
      return absl::StrCat("ecdsa ", NumberOf(loaded.get(), OSSL_PKEY_PARAM_EC_PUB_X), " ",
                          NumberOf(loaded.get(), OSSL_PKEY_PARAM_EC_PUB_Y));
    case Algorithm::kRsaPss:
      // Who has the factors of a modulus can sign for every exponent.
      return absl::StrCat("rsa ", NumberOf(loaded.get(), OSSL_PKEY_PARAM_RSA_N));
    default:
      return absl::StrCat("ed25519 ", absl::AsciiStrToLower(key.public_value));
  }
}

bool VerifySignature(const PublicKey& key, absl::string_view message,
                     absl::string_view signature_hex) {
  QuietErrors quiet;
  const Algorithm algorithm = AlgorithmOf(key);
  const std::string signature = FromHex(signature_hex, kMaxSignatureBytes);
  OwnedKey loaded = Load(key);
  if (loaded == nullptr || signature.empty()) return false;
  const bool ed25519 = algorithm == Algorithm::kEd25519;
  if (ed25519 && signature.size() != kEd25519SignatureBytes) return false;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;  // owned by the context
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &details, ed25519 ? nullptr : EVP_sha256(), nullptr,
                           loaded.get()) != 1) {
    return false;
  }
  // The specification does not fix the salt's length, and implementations differ.
  if (algorithm == Algorithm::kRsaPss &&
      (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_AUTO) != 1 ||
       EVP_PKEY_CTX_set_rsa_mgf1_md(details, EVP_sha256()) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message),
                          message.size()) == 1;
}

}  // namespace cloister::trust
