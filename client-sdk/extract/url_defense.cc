#include "client-sdk/extract/url_defense.h"

#include <algorithm>
#include <string_view>

namespace cloister::extract {
namespace {

bool IsUrlDefense(std::string_view host) {
  return host == "urldefense.com" || host == "urldefense.us" || host == "urldefense.proofpoint.com";
}

bool IsThreeUnderscores(std::string_view host) {
  return host == "url.avanan.click" || host == "protect.checkpoint.com" ||
         host == "checkpoint.url-protection.com";
}

// "http-3A__a.example_x": '-' for '%', '_' for '/'.
std::string FromVersion2(std::string_view value) {
  std::string escaped(value);
  std::replace(escaped.begin(), escaped.end(), '-', '%');
  std::replace(escaped.begin(), escaped.end(), '_', '/');
  return PercentDecoded(escaped);
}

// How many bytes a run "**x" stands for: 'A' is 2.
std::optional<size_t> RunLength(char code) {
  static constexpr std::string_view kCodes =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const size_t at = kCodes.find(code);
  if (at == std::string_view::npos) return std::nullopt;
  return at + 2;
}

// Puts `bytes` where the '*' of `text` stand: one for each, or for "**x" as many as x says.
std::optional<std::string> WithBytes(std::string_view text, std::string_view bytes) {
  std::string whole;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '*') {
      whole += text[i];
      continue;
    }
    size_t count = 1;
    if (text.substr(i, 2) == "**" && i + 2 < text.size()) {
      const std::optional<size_t> run = RunLength(text[i + 2]);
      if (!run.has_value()) return std::nullopt;
      count = *run;
      i += 2;
    }
    // Without enough bytes the '*' are its own.
    if (bytes.size() < count) return std::string(text);
    whole.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
  return whole;
}

// "/v3/__https://a.example/*x__;<base64 of the bytes>!!<token>$"
std::optional<std::string> FromVersion3(std::string_view rest) {
  const size_t begin = rest.find("__");
  const size_t end = rest.find("__;", begin + 2);
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  const std::string_view text = rest.substr(begin + 2, end - begin - 2);
  const std::string_view encoded = rest.substr(end + 3, rest.find('!', end) - end - 3);
  return WithBytes(text, Base64Decoded(encoded).value_or(""));
}

// "/v2/___https://a.example/___.<token>"
std::optional<std::string> BetweenUnderscores(std::string_view rest) {
  const size_t begin = rest.find("___");
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = rest.find("___", begin + 3);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(rest.substr(begin + 3, end - begin - 3));
}

// Schemes survive with one slash where a proxy on the way folded them.
std::optional<std::string> Checked(std::optional<std::string> target) {
  if (!target.has_value()) return std::nullopt;
  for (const std::string_view scheme : {"https:/", "http:/"}) {
    if (target->substr(0, scheme.size()) == scheme && target->size() > scheme.size() &&
        (*target)[scheme.size()] != '/') {
      target->insert(scheme.size(), "/");
    }
  }
  return IsWebUrl(*target) ? target : std::nullopt;
}

}  // namespace

std::optional<std::string> UrlDefenseTarget(const LinkParts& link) {
  if (IsThreeUnderscores(link.host)) return Checked(BetweenUnderscores(link.after_host));
  if (!IsUrlDefense(link.host)) return std::nullopt;
  const std::string_view version = link.path.substr(0, 4);
  if (version == "/v3/") return Checked(FromVersion3(link.after_host.substr(4)));
  const std::optional<std::string_view> value = QueryParameter(link.query, "u");
  if (!value.has_value()) return std::nullopt;
  if (version == "/v2/") return Checked(FromVersion2(*value));
  return version == "/v1/" ? Checked(PercentDecoded(*value)) : std::nullopt;
}

}  // namespace cloister::extract
