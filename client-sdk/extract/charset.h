// Bodies in other charsets.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloister::extract {

// Whether printable ASCII stands for itself in `charset`, or it is not known: not so in UTF-16,
// UTF-7 and EBCDIC. Few readers of mail know those, and take its bytes for ASCII.
bool KeepsAscii(const std::string& charset);

// `body` as UTF-8, read as `charset` (an IANA name; iconv knows them). What cannot be read becomes
// U+FFFD. Nothing if `charset` is not known, or is UTF-8 or US-ASCII already.
std::optional<std::string> ToUtf8(std::string_view body, const std::string& charset);

// "UTF-16LE", "UTF-16BE" or "UTF-8" where it begins with such a byte order mark; else empty.
std::string CharsetOfMark(std::string_view body);

// The charset that HTML states about itself in a meta element in its first 1024 bytes (WHATWG,
// "prescan a byte stream"); empty if it states none, or one that could not have been read so far.
std::string CharsetOfHtml(std::string_view html);

}  // namespace cloister::extract
