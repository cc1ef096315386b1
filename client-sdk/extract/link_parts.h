// A link taken apart as far as unwrapping needs it; nothing is decoded yet.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloister::extract {

// Borrows from the link.
struct LinkParts {
  std::string host;             // canonical where it can be, without port and userinfo
  std::string_view path;        // with its '/'; empty where there is none
  std::string_view query;       // without '?'
  std::string_view after_host;  // path, query and fragment as they stand
};

// The link as browsers read it, as far as SplitLink looks: "https:\\a.example\%75rl?x" is
// "https://a.example/url?x". Of other schemes as it stands.
std::string Straightened(std::string_view link);

// Nothing unless the link is http(s), or has no scheme at all.
std::optional<LinkParts> SplitLink(std::string_view link);

// The value of the parameter `name`, whatever its case; still escaped. "&amp;" separates, too:
// links are copied out of HTML source.
std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name);

// Percent escapes undone once; '+' stays, for it may be part of the target.
std::string PercentDecoded(std::string_view text);

// As base64 or base64url (RFC 4648), with or without padding; nothing if it is neither.
std::optional<std::string> Base64Decoded(std::string_view text);

// Whether it begins as an absolute http, https or ftp URL.
bool IsWebUrl(std::string_view text);

}  // namespace cloister::extract
