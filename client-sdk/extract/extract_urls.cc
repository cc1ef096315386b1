#include "cloister/extract_urls.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client-sdk/extract/charset.h"
#include "client-sdk/extract/found_urls.h"
#include "client-sdk/extract/html_scanner.h"
#include "client-sdk/extract/text_scanner.h"

namespace cloister {
namespace {

using extract::FoundUrls;

// As much of the body as may be looked at, in UTF-8.
class Body {
 public:
  Body(std::string_view bytes, const std::string& charset, size_t max_bytes)
      : truncated_(bytes.size() > max_bytes), text_(bytes.substr(0, max_bytes)) {
    converted_ = extract::ToUtf8(text_, charset);
    if (converted_.has_value()) text_ = *converted_;
  }

  std::string_view text() const { return text_; }
  bool truncated() const { return truncated_; }

 private:
  bool truncated_;
  std::string_view text_;
  std::optional<std::string> converted_;
};

ExtractedUrls OutOfMemory() noexcept {
  ExtractedUrls nothing;
  nothing.truncated = true;
  return nothing;
}

// The charsets that readers of `body` may take it for: nearly always one. A byte order mark stands
// above what is stated (WHATWG, "decode").
std::vector<std::string> CharsetsOf(std::string_view body, std::string stated) {
  std::string mark = extract::CharsetOfMark(body);
  if (!mark.empty()) return {std::move(mark)};
  if (extract::KeepsAscii(stated)) return {std::move(stated)};
  return {std::move(stated), ""};
}

// Calls scan(text) with the body's text in each of its charsets.
template <typename Scan>
ExtractedUrls Extract(std::string_view body, std::string charset, const ExtractOptions& options,
                      const Scan& scan) {
  FoundUrls found(options);
  for (const std::string& one : CharsetsOf(body, std::move(charset))) {
    const Body text(body, one, options.max_body_bytes);
    if (text.truncated()) found.MarkTruncated();
    scan(text.text(), &found);
  }
  return found.Take();
}

}  // namespace

ExtractedUrls ExtractUrlsFromText(std::string_view body, const ExtractOptions& options) noexcept
    try {
  return Extract(body, options.charset, options, [](std::string_view text, FoundUrls* found) {
    extract::ScanText(text, [found](std::string_view url, UrlOrigin origin, size_t offset) {
      found->Add(url, origin, offset);
    });
  });
} catch (...) {
  return OutOfMemory();
}

ExtractedUrls ExtractUrlsFromHtml(std::string_view body, const ExtractOptions& options) noexcept
    try {
  extract::HtmlLimits limits;
  limits.max_cpu = options.max_html_cpu;
  std::string charset = options.charset.empty() ? extract::CharsetOfHtml(body) : options.charset;
  return Extract(body, std::move(charset), options, [&](std::string_view html, FoundUrls* found) {
    const auto visit = [found](std::string_view url, UrlOrigin origin, size_t offset) {
      return found->Add(url, origin, offset);
    };
    if (!extract::ScanHtml(html, limits, visit)) found->MarkTruncated();
  });
} catch (...) {
  return OutOfMemory();
}

}  // namespace cloister
