// Links as attributes of HTML hold them.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cloister::extract {

// An absolute URL for `link`, resolved against `base` (empty: there is none). Empty if it leads
// nowhere on the web: a fragment, "mailto:", "cid:", "data:", a relative link without a base.
std::string ResolveLink(std::string_view link, std::string_view base);

// The URLs of `srcset` ("a.png 1x, b.png 2x").
void ForEachSourceOfSet(std::string_view set, const std::function<void(std::string_view)>& visit);

// The URLs of "url(…)" and "@import '…'" in CSS.
void ForEachCssUrl(std::string_view css, const std::function<void(std::string_view)>& visit);

// The URL of a meta refresh ("0; url=https://a.example/"); nothing if there is none.
std::optional<std::string_view> RefreshTarget(std::string_view content);

}  // namespace cloister::extract
