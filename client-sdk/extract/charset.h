// Bodies in other charsets.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloister::extract {

// `body` as UTF-8, read as `charset` (an IANA name; iconv knows them). What cannot be read becomes
// U+FFFD. Nothing if `charset` is not known, or is UTF-8 or US-ASCII already.
std::optional<std::string> ToUtf8(std::string_view body, const std::string& charset);

// The charset that HTML states about itself: a byte order mark, or a meta element in its first 1024
// bytes (WHATWG, "prescan a byte stream"); empty if it states none.
std::string CharsetOfHtml(std::string_view html);

}  // namespace cloister::extract
