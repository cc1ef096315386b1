#include "sync/publisher/signing/pkcs11_key.h"

// Engines are deprecated since OpenSSL 3.0, whose providers replace them; Debian 12 has the engine
// for tokens, and no provider.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/publisher/signing/crypto_error.h"

namespace cloister::publisher {
namespace {

constexpr absl::string_view kScheme = "pkcs11:";

// RFC 7512, section 2.3: the path names the key, the query says how to get at it.
struct Uri {
  std::string path;
  std::map<std::string, std::string> path_attributes;
  std::map<std::string, std::string> query_attributes;
};

// RFC 3986, section 2.1; "" for what is malformed.
std::string Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain.push_back(text[i]);
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() != 2 || !absl::ascii_isxdigit(static_cast<unsigned char>(digits[0])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(digits[1]))) {
      return "";
    }
    plain += absl::HexStringToBytes(digits);
    i += 2;
  }
  return plain;
}

std::map<std::string, std::string> Attributes(absl::string_view text, char separator) {
  std::map<std::string, std::string> attributes;
  for (absl::string_view part : absl::StrSplit(text, separator, absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    attributes[std::string(pair.first)] = Unescape(pair.second);
  }
  return attributes;
}

Uri ParseUri(absl::string_view text) {
  absl::ConsumePrefix(&text, kScheme);
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(text, absl::MaxSplits('?', 1));
  return {absl::StrCat(kScheme, halves.first), Attributes(halves.first, ';'),
          Attributes(halves.second, '&')};
}

std::string Find(const std::map<std::string, std::string>& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

absl::StatusOr<Secret> PinFor(const Uri& uri, const SecretSource& secrets) {
  std::string source = Find(uri.query_attributes, "pin-source");
  if (!source.empty()) {
    absl::string_view path = source;
    absl::ConsumePrefix(&path, "file://");
    absl::ConsumePrefix(&path, "file:");
    return ReadSecretFile(std::string(path));
  }
  if (!secrets) return absl::NotFoundError(absl::StrCat(uri.path, ": nobody to ask for its PIN"));
  const std::string object = Find(uri.path_attributes, "object");
  return secrets({.kind = SecretRequest::Kind::kPin,
                  .name = object.empty() ? "token" : object,
                  .where = uri.path});
}

using Engine = std::shared_ptr<ENGINE>;

// A reference to the engine, set up for one module.
absl::StatusOr<Engine> StartEngine(const std::string& module) {
  ENGINE_load_builtin_engines();
  ENGINE* engine = ENGINE_by_id("pkcs11");
  if (engine == nullptr) {
    ERR_clear_error();
    return absl::FailedPreconditionError(
        "OpenSSL has no engine for PKCS#11 tokens here; install libengine-pkcs11-openssl");
  }
  if ((!module.empty() && ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module.c_str(), 0) != 1) ||
      ENGINE_init(engine) != 1) {
    const absl::Status status = CryptoError(absl::StrCat(
        "starting PKCS#11 with the module ", module.empty() ? "that p11-kit names" : module));
    ENGINE_free(engine);
    return status;
  }
  return Engine(engine, [](ENGINE* started) {
    ENGINE_finish(started);
    ENGINE_free(started);
  });
}

}  // namespace

bool IsPkcs11Uri(absl::string_view text) { return absl::StartsWith(text, kScheme); }

absl::StatusOr<KeyHandle> OpenPkcs11Key(const std::string& text, const SecretSource& secrets) {
  const Uri uri = ParseUri(text);
  if (!Find(uri.query_attributes, "pin-value").empty()) {
    return absl::InvalidArgumentError(
        "a PIN in a URI can be read by whoever lists processes; use pin-source=FILE in its place, "
        "--pin-file FILE, or the terminal");
  }
  absl::StatusOr<Engine> engine = StartEngine(Find(uri.query_attributes, "module-path"));
  if (!engine.ok()) return engine.status();
  absl::StatusOr<Secret> pin = PinFor(uri, secrets);
  if (!pin.ok()) return pin.status();
  // The engine takes a copy, which it wipes itself.
  const Secret terminated(std::string(pin->text()));
  if (ENGINE_ctrl_cmd_string(engine->get(), "PIN", terminated.text().data(), 0) != 1) {
    return CryptoError("handing the PIN to the PKCS#11 engine");
  }
  EVP_PKEY* key = ENGINE_load_private_key(engine->get(), uri.path.c_str(), nullptr, nullptr);
  ERR_clear_error();
  if (key == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(uri.path,
                     ": no such key on a token, or its PIN is wrong; 'pkcs11-tool --list-"
                     "objects --login' shows what there is (tokens lock themselves after "
                     "a few wrong PINs)"));
  }
  // The engine outlives its keys.
  Engine owner = *std::move(engine);
  return KeyHandle(key, [owner](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); });
}

}  // namespace cloister::publisher
