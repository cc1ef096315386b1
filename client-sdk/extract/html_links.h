// Links as attributes of HTML hold them.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cloister::extract {

// `href` of a base element as ResolveLink wants it; empty if it is no URL of the web.
std::string AbsoluteBase(std::string_view href);

// An absolute URL for `link`, resolved against an AbsoluteBase (empty: there is none). Empty if it
// leads nowhere on the web: a fragment, "mailto:", "cid:", "data:", a relative link without a base.
std::string ResolveLink(std::string_view link, std::string_view base);

// A link of another scheme that carries what leads on: "mailto:a@b.example?body=https%3A…",
// "javascript:…", "view-source:https:…" as text with its escapes undone, "data:text/html,…" as the
// document that it is.
struct CarriedText {
  std::string text;
  bool is_document = false;
};
std::optional<CarriedText> TextCarriedBy(std::string_view link);

// The URLs of `srcset` ("a.png 1x, b.png 2x").
void ForEachSourceOfSet(std::string_view set, const std::function<void(std::string_view)>& visit);

// The URLs of "url(…)" and "@import '…'" in CSS; with escapes and comments in it, as it stands and
// as it is read.
void ForEachCssUrl(std::string_view css, const std::function<void(std::string_view)>& visit);

// The URL of a meta refresh ("0; url=https://a.example/", "0;https://a.example/"); nothing if there
// is none.
std::optional<std::string_view> RefreshTarget(std::string_view content);

}  // namespace cloister::extract
