// Keys that stay inside a token or HSM, named by PKCS#11 URIs (RFC 7512), through OpenSSL's
// engine `pkcs11` (Debian: libengine-pkcs11-openssl).

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/signing/private_key_pem.h"
#include "sync/publisher/signing/secret.h"

namespace cloister::publisher {

// Whether `text` is meant as such a URI.
bool IsPkcs11Uri(absl::string_view text);

// The private key that `uri` names, such as
//   pkcs11:token=ceremony;object=root-1?module-path=/usr/lib/softhsm/libsofthsm2.so
//
// module-path may be left out where p11-kit knows the module. The PIN comes from the file that
// pin-source names, or else from `secrets`. InvalidArgument for a URI with a PIN in it (it would
// be read by whoever lists processes); FailedPrecondition without the engine; NotFound, naming the
// URI, where there is no such key or the PIN is wrong.
absl::StatusOr<KeyHandle> OpenPkcs11Key(const std::string& uri, const SecretSource& secrets);

}  // namespace cloister::publisher
