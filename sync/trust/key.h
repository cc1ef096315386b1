// Verification keys: what they look like in metadata, and checking signatures with them. Signing
// is the publisher's alone (sync/publisher/signing).
//
//   keytype                         scheme               keyval.public        signature
//   ed25519                         ed25519              32 bytes, hex        64 bytes (RFC 8032)
//   ecdsa or ecdsa-sha2-nistp256    ecdsa-sha2-nistp256  PEM, P-256           DER (RFC 3279)
//   rsa                             rsassa-pss-sha256    PEM, 2048-8192 bits  RFC 8017, 8.1
//
// (The Update Framework 1.0, section 4.2.) PEM is one SubjectPublicKeyInfo ("PUBLIC KEY"); a
// signature's hexadecimal digits may be of either case, the length of PSS's salt any.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "sync/trust/metadata.h"

namespace cloister::trust {

// {"keytype": …, "keyval": {"public": …}, "scheme": …}: a key as root metadata carries it, and
// what its key id is the hash of.
nlohmann::json PublicKeyToJson(const PublicKey& key);

// kMetadataMalformed if a field is missing or has the wrong type. A key of an unknown type or
// scheme, or that is none, is taken, and verifies nothing.
absl::StatusOr<PublicKey> PublicKeyFromJson(const nlohmann::json& value);

// The same text for every way to write one key, so that a threshold counts keys rather than ids
// (section 4.3); of a key that verifies nothing, what was written.
std::string KeyIdentity(const PublicKey& key);

// Whether `signature_hex` is the key's signature of `message`.
bool VerifySignature(const PublicKey& key, absl::string_view message,
                     absl::string_view signature_hex);

}  // namespace cloister::trust
