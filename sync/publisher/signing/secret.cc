#include "sync/publisher/signing/secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

constexpr size_t kMaxSecretBytes = 1024;
constexpr int kAttemptsOnTerminal = 3;

absl::string_view NameOf(SecretRequest::Kind kind) {
  return kind == SecretRequest::Kind::kPin ? "PIN" : "passphrase";
}

// A file that is open, as long as this lives.
class OpenFile {
 public:
  OpenFile(const char* path, int flags) : fd_(open(path, flags | O_CLOEXEC | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Bytes up to a line feed or the end.
absl::StatusOr<Secret> ReadLine(int fd, const std::string& where) {
  std::string line;
  line.reserve(kMaxSecretBytes + 1);  // never moves, so that no copy stays behind
  char byte = 0;
  while (true) {
    const ssize_t got = read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::InternalError(absl::StrCat(where, ": ", strerror(errno)));
    if (got == 0 || byte == '\n') break;
    if (line.size() == kMaxSecretBytes) {
      OPENSSL_cleanse(line.data(), line.size());
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": its first line is longer than ", kMaxSecretBytes, " bytes"));
    }
    line.push_back(byte);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return Secret(std::move(line));
}

// The secret in the first line. PermissionDenied where a regular file's mode has one of the bits
// in `forbidden`.
absl::StatusOr<Secret> ReadSecret(const std::string& path, mode_t forbidden) {
  OpenFile file(path.c_str(), O_RDONLY);
  struct stat facts {};
  if (file.fd() < 0 || fstat(file.fd(), &facts) != 0) {
    const int error = errno;
    const std::string why = absl::StrCat(path, ": ", strerror(error));
    return error == ENOENT ? absl::NotFoundError(why) : absl::PermissionDeniedError(why);
  }
  if (S_ISREG(facts.st_mode) && (facts.st_mode & forbidden) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " can be read by others than its owner; run: chmod 600 ", path));
  }
  absl::StatusOr<Secret> secret = ReadLine(file.fd(), path);
  if (secret.ok() && secret->text().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": its first line is empty"));
  }
  return secret;
}

absl::Status CheckFresh(const SecretRequest& request, const Secret& secret) {
  const bool pin = request.kind == SecretRequest::Kind::kPin;
  if (pin || !request.fresh || secret.text().size() >= kMinPassphraseBytes) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("the passphrase for ", request.where,
                                                 " is too short: ", kMinPassphraseBytes,
                                                 " bytes at least, better five words or more"));
}

absl::Status NothingLeft(const SecretRequest& request) {
  return absl::NotFoundError(
      absl::StrCat("no other ", NameOf(request.kind), " to try for ", request.where));
}

// Keeps what is typed from the screen.
class EchoOff {
 public:
  explicit EchoOff(int fd) : fd_(fd), changed_(tcgetattr(fd, &before_) == 0) {
    if (!changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    changed_ = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  ~EchoOff() {
    if (changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  bool ok() const { return changed_; }

 private:
  int fd_;
  termios before_{};
  bool changed_;
};

class Terminal {
 public:
  absl::StatusOr<Secret> Answer(const SecretRequest& request) {
    const bool pin = request.kind == SecretRequest::Kind::kPin;
    if (last_.has_value() && !pin && request.attempt == 0) return last_->Copy();
    if (request.attempt >= (pin ? 1 : kAttemptsOnTerminal)) return NothingLeft(request);
    OpenFile terminal("/dev/tty", O_RDWR);
    if (terminal.fd() < 0) {
      return absl::NotFoundError(absl::StrCat(
          "no terminal to ask for the ", NameOf(request.kind), " of ", request.where, " on; give ",
          pin ? "--pin-file" : "--passphrase-file", " FILE (or a systemd credential)"));
    }
    // What was tried first may have been remembered from another key: nobody typed it for this one.
    const bool typed_wrong = request.attempt > 0 && asked_for_ == request.where;
    asked_for_ = request.where;
    absl::StatusOr<Secret> secret = Ask(terminal.fd(), Prompt(request, typed_wrong));
    if (secret.ok() && request.fresh) secret = Confirm(terminal.fd(), request, *std::move(secret));
    if (secret.ok() && !pin) last_ = secret->Copy();
    return secret;
  }

 private:
  static std::string Prompt(const SecretRequest& request, bool typed_wrong) {
    return absl::StrCat(typed_wrong ? "That was wrong. " : "", request.fresh ? "New " : "",
                        NameOf(request.kind), " for ", request.where, ": ");
  }

  static absl::StatusOr<Secret> Ask(int fd, const std::string& prompt) {
    EchoOff quiet(fd);
    if (!quiet.ok() || write(fd, prompt.data(), prompt.size()) < 0) {
      return absl::InternalError("the terminal does not let its echo be turned off");
    }
    return ReadLine(fd, "/dev/tty");
  }

  static absl::StatusOr<Secret> Confirm(int fd, const SecretRequest& request, Secret secret) {
    if (absl::Status good = CheckFresh(request, secret); !good.ok()) return good;
    absl::StatusOr<Secret> again = Ask(fd, "The same once more: ");
    if (!again.ok()) return again.status();
    if (again->text() == secret.text()) return secret;
    return absl::InvalidArgumentError("the two passphrases differ; nothing was written");
  }

  std::optional<Secret> last_;
  std::string asked_for_;
};

}  // namespace

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  OPENSSL_cleanse(other.text_.data(), other.text_.capacity());
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  OPENSSL_cleanse(text_.data(), text_.capacity());
  text_ = std::move(other.text_);
  OPENSSL_cleanse(other.text_.data(), other.text_.capacity());
  return *this;
}

Secret::~Secret() { OPENSSL_cleanse(text_.data(), text_.capacity()); }

absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  return ReadSecret(path, S_IRWXG | S_IRWXO);
}

SecretSource SecretsFromFiles(const std::string& passphrase_file, const std::string& pin_file) {
  // Read once: a pipe gives its line only once.
  auto read = std::make_shared<std::map<std::string, Secret>>();
  return [passphrase_file, pin_file, read](const SecretRequest& request) -> absl::StatusOr<Secret> {
    const bool pin = request.kind == SecretRequest::Kind::kPin;
    const std::string& path = pin ? pin_file : passphrase_file;
    if (path.empty() || request.attempt > 0) return NothingLeft(request);
    auto known = read->find(path);
    if (known == read->end()) {
      absl::StatusOr<Secret> secret = ReadSecretFile(path);
      if (!secret.ok()) {
        // Not "nothing there": the file was asked for by name.
        return absl::FailedPreconditionError(secret.status().message());
      }
      known = read->emplace(path, *std::move(secret)).first;
    }
    if (absl::Status good = CheckFresh(request, known->second); !good.ok()) return good;
    return known->second.Copy();
  };
}

SecretSource SecretsFromDirectory(const std::string& directory) {
  // systemd lets the service's user read by an access control list, whose mask shows as the bits of
  // the group: 0440, owned by root.
  constexpr mode_t kForbidden = S_IWGRP | S_IXGRP | S_IRWXO;
  return [directory](const SecretRequest& request) -> absl::StatusOr<Secret> {
    if (request.attempt > 0) return NothingLeft(request);
    const std::string kind = request.kind == SecretRequest::Kind::kPin ? "pin" : "passphrase";
    absl::StatusOr<Secret> secret =
        ReadSecret(absl::StrCat(directory, "/", request.name, ".", kind), kForbidden);
    if (absl::IsNotFound(secret.status())) {
      secret = ReadSecret(absl::StrCat(directory, "/", kind), kForbidden);
    }
    if (!secret.ok()) return secret;
    if (absl::Status good = CheckFresh(request, *secret); !good.ok()) return good;
    return secret;
  };
}

SecretSource SecretsFromTerminal() {
  auto terminal = std::make_shared<Terminal>();
  return [terminal](const SecretRequest& request) { return terminal->Answer(request); };
}

SecretSource FirstOf(std::vector<SecretSource> sources) {
  return [sources = std::move(sources)](const SecretRequest& request) -> absl::StatusOr<Secret> {
    absl::StatusOr<Secret> answer = NothingLeft(request);
    for (const SecretSource& source : sources) {
      answer = source(request);
      if (answer.ok() || !absl::IsNotFound(answer.status())) return answer;
    }
    return answer;
  };
}

}  // namespace cloister::publisher
