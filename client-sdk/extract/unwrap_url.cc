// Links of rewriting services and redirectors that carry their target, told by their own
// documentation or by what they send. A table: a new one is a new row.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "client-sdk/extract/link_parts.h"
#include "client-sdk/extract/url_defense.h"
#include "cloister/extract_urls.h"

namespace cloister::extract {
namespace {

enum class Carries {
  kParameter,        // ?name=<escaped URL>
  kBase64Parameter,  // ?name=<base64 of the URL>
  kPathTail,         // /…/<escaped URL>
};

struct Wrapper {
  // The host itself; with '.' in front also every host below it; ".*" at its end: whatever
  // top-level name ("www.google.*").
  std::string_view host;
  std::string_view path;       // what the path begins with
  std::string_view parameter;  // unused for kPathTail
  Carries carries = Carries::kParameter;
};

constexpr Wrapper kWrappers[] = {
    // mail gateways
    {".safelinks.protection.outlook.com", "/", "url"},
    {".safelinks.protection.office365.us", "/", "url"},
    {".safelinks.protection.partner.outlook.cn", "/", "url"},
    {"linkprotect.cudasvc.com", "/url", "a"},
    {"clicktime.symantec.com", "/", "u"},
    {"clicktime.cloud.postoffice.net", "/clicktime.php", "U"},
    {".fireeye.com", "/", "u"},
    {"secure-web.cisco.com", "/", "", Carries::kPathTail},
    {".protection.sophos.com", "/", "u", Carries::kBase64Parameter},
    {".trendmicro.com", "/wis/clicktime/v1/query", "url"},
    {"urlsand.esvalabs.com", "/", "u"},
    {"shared.outlook.inky.com", "/link", "domain"},
    {"deref-gmx.net", "/mail/client", "redirectUrl"},
    {"deref-mail.com", "/mail/client", "redirectUrl"},
    {"deref-web.de", "/mail/client", "redirectUrl"},
    {"deref-web-02.de", "/mail/client", "redirectUrl"},
    // search engines and what belongs to them
    {"www.google.*", "/url", "q"},
    {"www.google.*", "/url", "url"},
    {"google.*", "/url", "q"},
    {"google.*", "/url", "url"},
    {"www.google.*", "/amp/s/", "", Carries::kPathTail},
    {"google.*", "/amp/s/", "", Carries::kPathTail},
    {"maps.google.*", "/url", "q"},
    {"cse.google.com", "/url", "q"},
    {"translate.google.com", "/translate", "u"},
    {"googleads.g.doubleclick.net", "/", "adurl"},
    {"adclick.g.doubleclick.net", "/", "adurl"},
    {"www.googleadservices.com", "/pagead/aclk", "adurl"},
    {".cdn.ampproject.org", "/c/s/", "", Carries::kPathTail},
    {".cdn.ampproject.org", "/v/s/", "", Carries::kPathTail},
    {"duckduckgo.com", "/l/", "uddg"},
    {"r.search.yahoo.com", "/", "", Carries::kPathTail},
    {"www.bing.com", "/ck/a", "u", Carries::kBase64Parameter},
    // networks that show where a link leads
    {"l.facebook.com", "/l.php", "u"},
    {"lm.facebook.com", "/l.php", "u"},
    {"www.facebook.com", "/l.php", "u"},
    {"www.facebook.com", "/flx/warn/", "u"},
    {"l.instagram.com", "/", "u"},
    {"l.messenger.com", "/l.php", "u"},
    {"l.threads.net", "/", "u"},
    {"www.linkedin.com", "/redir/redirect", "url"},
    {"www.linkedin.com", "/safety/go", "url"},
    {"www.youtube.com", "/redirect", "q"},
    {"steamcommunity.com", "/linkfilter/", "url"},
    {"steamcommunity.com", "/linkfilter/", "u"},
    {"slack-redir.net", "/link", "url"},
    {"vk.com", "/away.php", "to"},
    {"t.umblr.com", "/redirect", "z"},
    {"out.reddit.com", "/", "url"},
    {"away.vk.com", "/away.php", "to"},
    {"statics.teams.cdn.office.net", "/evergreen-assets/safelinks/", "url"},
};

bool HostMatches(std::string_view host, std::string_view pattern) {
  if (!pattern.empty() && pattern.front() == '.') {
    if (host == pattern.substr(1)) return true;
    return host.size() > pattern.size() && host.substr(host.size() - pattern.size()) == pattern;
  }
  if (pattern.size() > 2 && pattern.substr(pattern.size() - 2) == ".*") {
    const std::string_view stem = pattern.substr(0, pattern.size() - 1);
    const std::string_view rest = host.substr(std::min(stem.size(), host.size()));
    // "google.com", "google.co.uk"; not "google.com.evil.example".
    return host.substr(0, stem.size()) == stem && !rest.empty() && rest.size() <= 6;
  }
  return host == pattern;
}

// Links that were escaped when they were wrapped, and again: "https%3A%2F%2Fa.example".
constexpr int kMaxEscapes = 3;

bool IsEscapedWebUrl(std::string_view text) {
  const size_t percent = std::min(text.find('%'), text.size());
  const absl::string_view scheme(text.data(), percent);
  return (absl::EqualsIgnoreCase(scheme, "http") || absl::EqualsIgnoreCase(scheme, "https")) &&
         (text.substr(percent, 3) == "%3A" || text.substr(percent, 3) == "%3a" ||
          text.substr(percent, 3) == "%25");
}

// The target where it stands in the path: an absolute URL, escaped or not, or a host (of AMP).
std::optional<std::string> PathTail(const LinkParts& link, const Wrapper& wrapper) {
  const std::string decoded = PercentDecoded(link.after_host.substr(wrapper.path.size()));
  for (const std::string_view scheme : {"https://", "http://"}) {
    const size_t begin = decoded.find(scheme);
    if (begin == std::string::npos) continue;
    // Yahoo names more after it: "/RU=<URL>/RK=2/RS=…".
    return decoded.substr(begin, decoded.find("/RK=", begin) - begin);
  }
  if (wrapper.path.substr(wrapper.path.size() - 3) != "/s/" || decoded.empty()) return std::nullopt;
  return "https://" + decoded;
}

std::optional<std::string> Target(const LinkParts& link, const Wrapper& wrapper) {
  if (wrapper.carries == Carries::kPathTail) return PathTail(link, wrapper);
  const std::optional<std::string_view> value = QueryParameter(link.query, wrapper.parameter);
  if (!value.has_value()) return std::nullopt;
  std::string target = PercentDecoded(*value);
  for (int again = 0; again < kMaxEscapes && IsEscapedWebUrl(target); ++again) {
    target = PercentDecoded(target);
  }
  if (wrapper.carries == Carries::kBase64Parameter) {
    // Bing puts "a1" before it.
    if (target.substr(0, 2) == "a1") target.erase(0, 2);
    const std::optional<std::string> decoded = Base64Decoded(target);
    if (!decoded.has_value()) return std::nullopt;
    target = *decoded;
  }
  if (IsWebUrl(target)) return target;
  // "domain=a.example", and what people type: a name without a scheme.
  if (target.find('.') == std::string::npos || target.find(':') != std::string::npos ||
      target.front() == '/') {
    return std::nullopt;
  }
  return "http://" + target;
}

std::optional<std::string> UnwrapOnce(std::string_view url) {
  const std::string straight = Straightened(url);
  const std::optional<LinkParts> link = SplitLink(straight);
  if (!link.has_value()) return std::nullopt;
  if (const auto target = UrlDefenseTarget(*link)) return target;
  for (const Wrapper& wrapper : kWrappers) {
    if (!HostMatches(link->host, wrapper.host)) continue;
    if (link->path.substr(0, wrapper.path.size()) != wrapper.path) continue;
    if (const auto target = Target(*link, wrapper)) return target;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace cloister::extract

namespace cloister {

std::vector<std::string> UnwrapUrl(std::string_view url, size_t max_depth) noexcept try {
  std::vector<std::string> targets;
  while (targets.size() < max_depth) {
    std::optional<std::string> target =
        extract::UnwrapOnce(targets.empty() ? url : std::string_view(targets.back()));
    if (!target.has_value()) break;
    targets.push_back(*std::move(target));
  }
  return targets;
} catch (...) {
  return {};  // out of memory
}

}  // namespace cloister
