#include "client-sdk/extract/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cloister::extract {
namespace {

constexpr size_t kPrescanBytes = 1024;

class Converter {
 public:
  explicit Converter(const std::string& charset)
      : descriptor_(iconv_open("UTF-8", charset.c_str())) {}
  ~Converter() {
    if (known()) iconv_close(descriptor_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool known() const { return descriptor_ != reinterpret_cast<iconv_t>(-1); }

  std::string Convert(std::string_view body) {
    std::string text;
    std::array<char, 16384> buffer;
    // iconv does not write to its input.
    char* in = const_cast<char*>(body.data());
    size_t in_left = body.size();
    while (in_left > 0) {
      char* out = buffer.data();
      size_t out_left = buffer.size();
      const size_t result = iconv(descriptor_, &in, &in_left, &out, &out_left);
      text.append(buffer.data(), buffer.size() - out_left);
      if (result != static_cast<size_t>(-1) || errno == E2BIG) continue;
      text += "\xEF\xBF\xBD";
      ++in;
      --in_left;
    }
    return text;
  }

 private:
  iconv_t descriptor_;
};

bool IsCharsetByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == ':' ||
         c == '.';
}

}  // namespace

std::optional<std::string> ToUtf8(std::string_view body, const std::string& charset) {
  // A name goes to iconv, which takes options after "//" and files named by it.
  if (charset.empty() || charset.size() > 64 ||
      !std::all_of(charset.begin(), charset.end(), IsCharsetByte)) {
    return std::nullopt;
  }
  for (const char* same : {"utf-8", "utf8", "us-ascii", "ascii"}) {
    if (absl::EqualsIgnoreCase(charset, same)) return std::nullopt;
  }
  Converter converter(charset);
  if (!converter.known()) return std::nullopt;
  return converter.Convert(body);
}

bool KeepsAscii(const std::string& charset) {
  std::string ascii;
  for (char c = 0x20; c < 0x7f; ++c) ascii += c;
  const std::optional<std::string> read = ToUtf8(ascii, charset);
  return !read.has_value() || *read == ascii;
}

std::string CharsetOfMark(std::string_view body) {
  if (body.substr(0, 2) == "\xFF\xFE") return "UTF-16LE";
  if (body.substr(0, 2) == "\xFE\xFF") return "UTF-16BE";
  return body.substr(0, 3) == "\xEF\xBB\xBF" ? "UTF-8" : "";
}

std::string CharsetOfHtml(std::string_view html) {
  const std::string head =
      absl::AsciiStrToLower(absl::string_view(html.data(), std::min(html.size(), kPrescanBytes)));
  const size_t meta = head.find("<meta");
  if (meta == std::string::npos) return "";
  const size_t name = head.find("charset", meta);
  if (name == std::string::npos) return "";
  const size_t equals = head.find_first_not_of(" \t\r\n", name + 7);
  if (equals == std::string::npos || head[equals] != '=') return "";
  const size_t begin = head.find_first_not_of(" \t\r\n\"'", equals + 1);
  if (begin == std::string::npos) return "";
  size_t end = begin;
  while (end < head.size() && IsCharsetByte(head[end])) ++end;
  std::string charset = head.substr(begin, end - begin);
  return KeepsAscii(charset) ? charset : "";
}

}  // namespace cloister::extract
