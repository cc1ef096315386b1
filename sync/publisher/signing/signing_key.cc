#include "sync/publisher/signing/signing_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

constexpr size_t kPublicKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

absl::Status CryptoError(absl::string_view doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return absl::InternalError(absl::StrCat(doing, " failed: ", text.data()));
}

EVP_PKEY* Pair(const std::shared_ptr<void>& pair) { return static_cast<EVP_PKEY*>(pair.get()); }

std::shared_ptr<void> Own(EVP_PKEY* key) {
  return {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }};
}

// OpenSSL would ask for a password on the terminal; a publisher runs unattended.
int NoPassword(char*, int, int, void*) { return -1; }

absl::Status CheckOwnerOnly(FILE* file, const std::string& path) {
  struct stat facts {};
  if (fstat(fileno(file), &facts) != 0) {
    return absl::InternalError(absl::StrCat(path, ": ", strerror(errno)));
  }
  if ((facts.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " can be read by others than its owner; run: chmod 600 ", path,
                     " (and consider making new keys if somebody may have copied it)"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SigningKey> SigningKey::FromPair(std::shared_ptr<void> pair) {
  std::array<uint8_t, kPublicKeyBytes> raw{};
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(Pair(pair), raw.data(), &size) != 1 || size != raw.size()) {
    return CryptoError("reading the public half of a key");
  }
  SigningKey key(std::move(pair));
  key.public_key_ = {.key_type = "ed25519",
                     .scheme = "ed25519",
                     .public_hex = absl::BytesToHexString(
                         absl::string_view(reinterpret_cast<const char*>(raw.data()), raw.size()))};
  key.key_id_ = trust::KeyId(key.public_key_);
  return key;
}

absl::StatusOr<SigningKey> SigningKey::Generate() {
  EVP_PKEY* pair = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (pair == nullptr) return CryptoError("making an Ed25519 key");
  return FromPair(Own(pair));
}

absl::StatusOr<SigningKey> SigningKey::Load(const std::string& path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), fclose);
  if (file == nullptr) {
    const int error = errno;
    if (error == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": no such key file"));
    return absl::PermissionDeniedError(absl::StrCat(path, ": ", strerror(error)));
  }
  absl::Status safe = CheckOwnerOnly(file.get(), path);
  if (!safe.ok()) return safe;

  EVP_PKEY* pair = PEM_read_PrivateKey(file.get(), nullptr, NoPassword, nullptr);
  ERR_clear_error();
  if (pair == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": not an unencrypted PKCS#8 PEM private key; 'cloister-publish keys create' makes one"));
  }
  std::shared_ptr<void> owned = Own(pair);
  if (EVP_PKEY_get_base_id(pair) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the key is not an Ed25519 key"));
  }
  return FromPair(std::move(owned));
}

absl::Status SigningKey::Save(const std::string& path) const {
  struct stat facts {};
  if (lstat(path.c_str(), &facts) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists; a key is never overwritten. Choose another folder"));
  }
  std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_secmem()), BIO_free);
  if (memory == nullptr || PEM_write_bio_PKCS8PrivateKey(memory.get(), Pair(pair_), nullptr,
                                                         nullptr, 0, nullptr, nullptr) != 1) {
    return CryptoError("encoding a private key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return storage::WriteFileAtomically(path, absl::string_view(text, static_cast<size_t>(size)),
                                      0600);
}

absl::StatusOr<std::string> SigningKey::Sign(absl::string_view message) const {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, Pair(pair_)) != 1) {
    return CryptoError("starting a signature");
  }
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  if (EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size,
                     reinterpret_cast<const uint8_t*>(message.data()), message.size()) != 1 ||
      size != kSignatureBytes) {
    return CryptoError("signing");
  }
  return signature;
}

}  // namespace cloister::publisher
