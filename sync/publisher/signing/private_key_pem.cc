#include "sync/publisher/signing/private_key_pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "storage/files/files.h"
#include "sync/publisher/signing/crypto_error.h"

namespace cloister::publisher {
namespace {

// Some 80 ms on a machine of today, and 16 MiB: OWASP's password storage cheat sheet, scrypt.
constexpr uint64_t kScryptCost = 1 << 14;
constexpr uint64_t kScryptBlockSize = 8;
constexpr uint64_t kScryptParallel = 5;
constexpr size_t kSaltBytes = 16;
constexpr size_t kMaxAttempts = 8;

using File = std::unique_ptr<FILE, int (*)(FILE*)>;
using PlainKey = std::unique_ptr<PKCS8_PRIV_KEY_INFO, void (*)(PKCS8_PRIV_KEY_INFO*)>;
using SealedKey = std::unique_ptr<X509_SIG, void (*)(X509_SIG*)>;

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

absl::StatusOr<File> OpenKeyFile(const std::string& path) {
  File file(fopen(path.c_str(), "re"), fclose);
  if (file == nullptr) {
    const int error = errno;
    if (error == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": no such key file"));
    return absl::PermissionDeniedError(absl::StrCat(path, ": ", strerror(error)));
  }
  if (absl::Status safe = CheckOwnerOnly(file.get(), path); !safe.ok()) return safe;
  return file;
}

// One block of a PEM file.
struct Block {
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(size));
  }
  bool Read(FILE* file) { return PEM_read(file, &name, &header, &data, &size) == 1; }

  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
};

absl::Status NoPrivateKey(const std::string& path) {
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat(path,
                   ": not a PKCS#8 PEM private key; 'cloister-publish keys create' makes one, and "
                   "'openssl pkcs8 -topk8' converts others"));
}

std::string NameOfKey(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

absl::StatusOr<PlainKey> Unseal(const Block& block, const std::string& path,
                                const SecretSource& secrets) {
  const unsigned char* place = block.data;
  SealedKey sealed(d2i_X509_SIG(nullptr, &place, block.size), X509_SIG_free);
  if (sealed == nullptr) return NoPrivateKey(path);
  if (!secrets) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " is encrypted, and there is nobody to ask for its passphrase"));
  }
  SecretRequest request{.name = NameOfKey(path), .where = path};
  for (size_t tried = 0; tried < kMaxAttempts; ++tried) {
    absl::StatusOr<Secret> secret = secrets(request);
    if (absl::IsNotFound(secret.status()) && request.attempt > 0) break;
    if (!secret.ok()) return secret.status();
    PlainKey plain(
        PKCS8_decrypt(sealed.get(), secret->text().data(), static_cast<int>(secret->text().size())),
        PKCS8_PRIV_KEY_INFO_free);
    ERR_clear_error();
    if (plain != nullptr) return plain;
    ++request.attempt;
  }
  return absl::PermissionDeniedError(absl::StrCat(path, ": the passphrase is wrong"));
}

// Encrypts with scrypt and AES-256-CBC; OpenSSL's shorter ways use PBKDF2 with few rounds.
SealedKey Seal(PKCS8_PRIV_KEY_INFO* plain, const Secret& passphrase) {
  std::array<unsigned char, kSaltBytes> salt{};
  SealedKey none(nullptr, X509_SIG_free);
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) return none;
  X509_ALGOR* algorithm =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(), static_cast<int>(salt.size()), nullptr,
                            kScryptCost, kScryptBlockSize, kScryptParallel);
  if (algorithm == nullptr) return none;
  SealedKey sealed(PKCS8_set0_pbe(passphrase.text().data(),
                                  static_cast<int>(passphrase.text().size()), plain, algorithm),
                   X509_SIG_free);
  if (sealed == nullptr) X509_ALGOR_free(algorithm);
  return sealed;
}

}  // namespace

absl::StatusOr<KeyHandle> ReadPrivateKey(const std::string& path, const SecretSource& secrets) {
  absl::StatusOr<File> file = OpenKeyFile(path);
  if (!file.ok()) return file.status();
  Block block;
  if (!block.Read(file->get())) return NoPrivateKey(path);
  PlainKey plain(nullptr, PKCS8_PRIV_KEY_INFO_free);
  if (absl::string_view(block.name) == PEM_STRING_PKCS8) {
    absl::StatusOr<PlainKey> unsealed = Unseal(block, path, secrets);
    if (!unsealed.ok()) return unsealed.status();
    plain = *std::move(unsealed);
  } else if (absl::string_view(block.name) == PEM_STRING_PKCS8INF) {
    const unsigned char* place = block.data;
    plain.reset(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &place, block.size));
  }
  EVP_PKEY* key = plain == nullptr ? nullptr : EVP_PKCS82PKEY(plain.get());
  if (key == nullptr) return NoPrivateKey(path);
  return KeyHandle(key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); });
}

absl::Status WritePrivateKey(const std::string& path, const KeyHandle& key,
                             const Secret* passphrase) {
  struct stat facts {};
  if (lstat(path.c_str(), &facts) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists; a key is never overwritten. Choose another folder"));
  }
  std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_secmem()), BIO_free);
  PlainKey plain(EVP_PKEY2PKCS8(static_cast<EVP_PKEY*>(key.get())), PKCS8_PRIV_KEY_INFO_free);
  if (memory == nullptr || plain == nullptr) return CryptoError("encoding a private key");
  if (passphrase == nullptr) {
    if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(memory.get(), plain.get()) != 1) {
      return CryptoError("encoding a private key");
    }
  } else {
    SealedKey sealed = Seal(plain.get(), *passphrase);
    if (sealed == nullptr || PEM_write_bio_PKCS8(memory.get(), sealed.get()) != 1) {
      return CryptoError("encrypting a private key");
    }
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return storage::WriteFileAtomically(path, absl::string_view(text, static_cast<size_t>(size)),
                                      0600);
}

}  // namespace cloister::publisher
