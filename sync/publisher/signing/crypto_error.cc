#include "sync/publisher/signing/crypto_error.h"

#include <openssl/err.h>

#include <array>

#include "absl/strings/str_cat.h"

namespace cloister::publisher {

absl::Status CryptoError(absl::string_view doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return absl::InternalError(absl::StrCat(doing, " failed: ", text.data()));
}

}  // namespace cloister::publisher
