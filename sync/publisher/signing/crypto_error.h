// What OpenSSL says went wrong.

#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cloister::publisher {

// "<doing> failed: <OpenSSL's oldest error>"; empties OpenSSL's queue of errors.
absl::Status CryptoError(absl::string_view doing);

}  // namespace cloister::publisher
