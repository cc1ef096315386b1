// Verification keys: what they look like in metadata, and checking signatures with them. Signing
// is the publisher's alone (sync/publisher/signing).

#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "sync/trust/metadata.h"

namespace cloister::trust {

// {"keytype": …, "keyval": {"public": …}, "scheme": …}: a key as root metadata carries it, and
// what its key id is the hash of.
nlohmann::json PublicKeyToJson(const PublicKey& key);

// kMetadataMalformed if a field is missing or has the wrong type. A key of an unknown type or
// scheme is taken, and verifies nothing.
absl::StatusOr<PublicKey> PublicKeyFromJson(const nlohmann::json& value);

// Whether `signature_hex` is the key's signature of `message`. Ed25519 (RFC 8032) only.
bool VerifySignature(const PublicKey& key, absl::string_view message,
                     absl::string_view signature_hex);

}  // namespace cloister::trust
