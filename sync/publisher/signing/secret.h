// Passphrases of key files and PINs of tokens: held in memory that is wiped, asked for where they
// are needed, never taken from a command line or the environment.

#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::publisher {

// Text that is wiped from memory when it goes.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  absl::string_view text() const { return text_; }
  Secret Copy() const { return Secret(text_); }

 private:
  std::string text_;
};

struct SecretRequest {
  enum class Kind { kPassphrase, kPin };
  Kind kind = Kind::kPassphrase;
  std::string name{};   // of the key: "targets", "root-2"
  std::string where{};  // for whoever is asked: a path or a token
  bool fresh = false;
  // How many answers to this request turned out to be wrong. A PIN is asked for once only: tokens
  // lock themselves.
  int attempt = 0;
};

// Answers requests. NotFound where there is nobody to ask, or nothing left to try. Whoever asks
// is on one thread.
using SecretSource = std::function<absl::StatusOr<Secret>(const SecretRequest&)>;

// Fewest bytes of a passphrase for a new key.
inline constexpr size_t kMinPassphraseBytes = 12;

// The first line of a file; of a pipe such as /dev/fd/3, too. PermissionDenied where a regular
// file can be read by others than its owner.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// Passphrases from `passphrase_file`, PINs from `pin_file`; "" for neither.
SecretSource SecretsFromFiles(const std::string& passphrase_file, const std::string& pin_file);

// From a folder as systemd makes it for LoadCredential= (systemd.exec(5)): the file
// "<name>.passphrase", or else "passphrase"; likewise "pin".
SecretSource SecretsFromDirectory(const std::string& directory);

// Asks on the terminal that controls the process, without echo; twice for a new passphrase. What
// was right or new is tried first for the next key.
SecretSource SecretsFromTerminal();

// The first of `sources` that has an answer.
SecretSource FirstOf(std::vector<SecretSource> sources);

}  // namespace cloister::publisher
