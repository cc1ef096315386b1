#include "client-sdk/extract/link_parts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client-sdk/extract/text_characters.h"
#include "reputation/host_name.h"

namespace cloister::extract {
namespace {

constexpr size_t kMaxEscape = 3;  // bytes of "%41"

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         absl::EqualsIgnoreCase({text.data(), prefix.size()}, {prefix.data(), prefix.size()});
}

}  // namespace

bool IsWebUrl(std::string_view text) {
  return StartsWith(text, "http://") || StartsWith(text, "https://") || StartsWith(text, "ftp://");
}

std::string Straightened(std::string_view link) {
  const size_t colon = std::min(link.find(':'), link.size());
  const bool is_web = absl::EqualsIgnoreCase({link.data(), colon}, "http") ||
                      absl::EqualsIgnoreCase({link.data(), colon}, "https");
  const size_t host = is_web ? link.find_first_not_of("/\\", colon + 1) : std::string_view::npos;
  if (host == std::string_view::npos) return std::string(link);
  std::string straight = absl::StrCat(absl::string_view(link.data(), colon), "://");
  const size_t path_end = std::min(link.find_first_of("?#", host), link.size());
  size_t path = 0;  // where it begins in `straight`, once it does; servers fold slashes there
  for (size_t i = host; i < path_end; ++i) {
    const char c = link[i] == '\\' ? '/' : link[i];
    const int byte = c == '%' ? HexPair(link.substr(i + 1, 2)) : -1;
    if (byte >= 0 && absl::ascii_isalnum(static_cast<unsigned char>(byte))) {
      straight += static_cast<char>(byte);
      i += 2;
    } else if (c != '/' || path == 0 || straight.size() > path + 1) {
      if (c == '/' && path == 0) path = straight.size();
      straight += c;
    }
  }
  straight.append(link.substr(path_end));
  return straight;
}

std::optional<LinkParts> SplitLink(std::string_view link) {
  if (StartsWith(link, "http://")) {
    link.remove_prefix(7);
  } else if (StartsWith(link, "https://")) {
    link.remove_prefix(8);
  } else if (link.substr(0, link.find_first_of("/?#")).find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  LinkParts parts;
  const size_t end = std::min(link.find_first_of("/\\?#"), link.size());
  std::string_view authority = link.substr(0, end);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  parts.host = PercentDecoded(authority.substr(0, authority.find(':')));
  absl::AsciiStrToLower(&parts.host);
  if (auto canonical = reputation::CanonicalHostName(parts.host); canonical.ok()) {
    parts.host = *std::move(canonical);
  }
  parts.after_host = link.substr(end);
  const std::string_view plain = parts.after_host.substr(0, parts.after_host.find('#'));
  const size_t question = plain.find('?');
  parts.path = plain.substr(0, question);
  if (question != std::string_view::npos) parts.query = plain.substr(question + 1);
  return parts;
}

std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (StartsWith(pair, "amp;")) pair.remove_prefix(4);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals > kMaxEscape * name.size()) continue;
    const std::string own_name = PercentDecoded(pair.substr(0, equals));
    if (own_name.size() == name.size() && StartsWith(own_name, name)) {
      return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? HexPair(text.substr(i + 1, 2)) : -1;
    if (byte >= 0) i += 2;
    decoded += byte >= 0 ? static_cast<char>(byte) : text[i];
  }
  return decoded;
}

std::optional<std::string> Base64Decoded(std::string_view text) {
  std::string web(text);
  std::replace(web.begin(), web.end(), '+', '-');
  std::replace(web.begin(), web.end(), '/', '_');
  web.erase(std::min(web.find('='), web.size()));
  std::string decoded;
  if (!absl::WebSafeBase64Unescape(web, &decoded)) return std::nullopt;
  return decoded;
}

}  // namespace cloister::extract
