#include "sync/trust/key.h"

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "reputation/reject_reason.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/hash.h"

namespace cloister::trust {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kPublicKeyBytes = 32;  // RFC 8032
constexpr size_t kSignatureBytes = 64;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* Data(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The bytes that `hex` stands for; empty unless they are exactly `size`.
std::string FromHex(absl::string_view hex, size_t size) {
  if (hex.size() != 2 * size) return "";
  for (char c : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return "";
  }
  return absl::HexStringToBytes(hex);
}

const std::string* StringMember(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace

json PublicKeyToJson(const PublicKey& key) {
  return {
      {"keytype", key.key_type}, {"keyval", {{"public", key.public_hex}}}, {"scheme", key.scheme}};
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
  const std::string* public_hex = StringMember(*keyval, "public");
  if (key_type == nullptr || scheme == nullptr || public_hex == nullptr) {
    return malformed("a key's keytype, scheme or keyval.public is not a string");
  }
  return PublicKey{*key_type, *scheme, *public_hex};
}

std::string KeyId(const PublicKey& key) {
  absl::StatusOr<std::string> canonical = CanonicalJson(PublicKeyToJson(key));
  return canonical.ok() ? HashHex("sha256", *canonical) : "";
}

bool VerifySignature(const PublicKey& key, absl::string_view message,
                     absl::string_view signature_hex) {
  if (key.key_type != "ed25519" || key.scheme != "ed25519") return false;
  std::string public_bytes = FromHex(key.public_hex, kPublicKeyBytes);
  std::string signature = FromHex(signature_hex, kSignatureBytes);
  if (public_bytes.empty() || signature.empty()) return false;
  std::unique_ptr<EVP_PKEY, FreeKey> evp_key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, Data(public_bytes), public_bytes.size()));
  std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  return evp_key != nullptr && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, evp_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message),
                          message.size()) == 1;
}

}  // namespace cloister::trust
