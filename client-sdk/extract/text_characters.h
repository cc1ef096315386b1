// Where a URL in running text begins and ends.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cloister::extract {

// A letter, digit, '-', '_', '.' or part of a character outside ASCII.
bool IsHostByte(char c);
bool IsHostStart(char c);

// -1 unless `text` begins with two hexadecimal digits.
int HexPair(std::string_view text);

// How much of `url` is left without the punctuation at its end: full stops and commas, quotes,
// closing brackets that nothing in it opens.
size_t WithoutPunctuation(std::string_view url);

// Where a URL ends that has come as far as `from`: before white space, controls, '<', '>', '"',
// '`', '|', '{', '}' or typographic quotes and brackets; punctuation at its end is not part of it.
size_t EndOfUrl(std::string_view text, size_t from);

// Where the host that begins at `from` ends.
size_t EndOfHost(std::string_view text, size_t from);

// Behind the line break at `from`; `from` if there is none.
size_t AfterLineBreak(std::string_view text, size_t from);

// Line breaks and the white space around them taken out; nothing if white space is left.
std::optional<std::string> WithoutLineBreaks(std::string_view text);

}  // namespace cloister::extract
