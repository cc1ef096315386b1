#include "client-sdk/extract/text_characters.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace cloister::extract {
namespace {

// UTF-8 of what people put around URLs: no-break and other spaces, quotes, brackets, full stops.
constexpr std::string_view kStops[] = {
    "\xC2\xA0",      // no-break space
    "\xC2\xAB",      // «
    "\xC2\xBB",      // »
    "\xE2\x80\x80",  // en quad … hair space, zero width space
    "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\x8B",
    "\xE2\x80\x98",  // ‘ ’ ‚ ‛ “ ” „ ‟
    "\xE2\x80\x99", "\xE2\x80\x9A", "\xE2\x80\x9B", "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E",
    "\xE2\x80\x9F",
    "\xE2\x80\xA8",  // line and paragraph separator
    "\xE2\x80\xA9",
    "\xE2\x80\xAF",  // narrow no-break space
    "\xE2\x80\xB9",  // ‹ ›
    "\xE2\x80\xBA",
    "\xE3\x80\x80",  // ideographic space, comma
    "\xE3\x80\x81",
    "\xE3\x80\x88",  // 〈 〉 《 》 「 」 『 』 【 】
    "\xE3\x80\x89", "\xE3\x80\x8A", "\xE3\x80\x8B", "\xE3\x80\x8C", "\xE3\x80\x8D", "\xE3\x80\x8E",
    "\xE3\x80\x8F", "\xE3\x80\x90", "\xE3\x80\x91",
    "\xEF\xBC\x88",  // full-width ( ) < >
    "\xEF\xBC\x89", "\xEF\xBC\x9C", "\xEF\xBC\x9E",
};

bool IsAsciiStop(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte <= 0x20 || byte == 0x7f) return true;
  return std::string_view("<>\"`|{}").find(c) != std::string_view::npos;
}

bool StartsWithStop(std::string_view text) {
  return std::any_of(std::begin(kStops), std::end(kStops),
                     [text](std::string_view stop) { return text.substr(0, stop.size()) == stop; });
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

bool IsHostStart(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsHostByte(char c) { return IsHostStart(c) || c == '-' || c == '_' || c == '.'; }

int HexPair(std::string_view text) {
  if (text.size() < 2) return -1;
  const int high = HexDigit(text[0]);
  const int low = HexDigit(text[1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

size_t WithoutPunctuation(std::string_view url) {
  size_t end = url.size();
  // Counted once, and kept up to date: a body of brackets alone must not take for ever.
  const auto count = [url](char c) { return std::count(url.begin(), url.end(), c); };
  struct Bracket {
    char open, close;
    std::ptrdiff_t unopened;
  };
  Bracket brackets[] = {{'(', ')', count(')') - count('(')}, {'[', ']', count(']') - count('[')}};
  while (end > 0) {
    const char last = url[end - 1];
    if (std::string_view(".,;:!?'*").find(last) != std::string_view::npos) {
      --end;
      continue;
    }
    Bracket* bracket = std::find_if(std::begin(brackets), std::end(brackets),
                                    [last](const Bracket& b) { return b.close == last; });
    if (bracket == std::end(brackets) || bracket->unopened <= 0) break;
    --bracket->unopened;
    --end;
  }
  return end;
}

size_t EndOfUrl(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && !IsAsciiStop(text[end]) &&
         (static_cast<unsigned char>(text[end]) < 0x80 || !StartsWithStop(text.substr(end)))) {
    ++end;
  }
  return from + WithoutPunctuation(text.substr(from, end - from));
}

size_t EndOfHost(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && IsHostByte(text[end]) && !StartsWithStop(text.substr(end))) ++end;
  return end;
}

size_t AfterLineBreak(std::string_view text, size_t from) {
  if (text.substr(from, 2) == "\r\n") return from + 2;
  return from < text.size() && text[from] == '\n' ? from + 1 : from;
}

std::optional<std::string> WithoutLineBreaks(std::string_view text) {
  std::string joined;
  for (size_t i = 0; i < text.size();) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(text[i]))) {
      joined += text[i++];
      continue;
    }
    size_t end = i;
    bool line_break = false;
    while (end < text.size() && absl::ascii_isspace(static_cast<unsigned char>(text[end]))) {
      line_break = line_break || text[end] == '\n';
      ++end;
    }
    if (!line_break && end < text.size()) return std::nullopt;
    i = end;
  }
  return joined;
}

}  // namespace cloister::extract
