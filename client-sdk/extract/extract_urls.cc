#include "cloister/extract_urls.h"

#include <optional>
#include <string>

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

}  // namespace

ExtractedUrls ExtractUrlsFromText(std::string_view body, const ExtractOptions& options) noexcept
    try {
  const Body text(body, options.charset, options.max_body_bytes);
  FoundUrls found(options);
  if (text.truncated()) found.MarkTruncated();
  extract::ScanText(text.text(), [&found](std::string_view url, UrlOrigin origin, size_t offset) {
    found.Add(url, origin, offset);
  });
  return found.Take();
} catch (...) {
  return OutOfMemory();
}

ExtractedUrls ExtractUrlsFromHtml(std::string_view body, const ExtractOptions& options) noexcept
    try {
  const std::string charset =
      options.charset.empty() ? extract::CharsetOfHtml(body) : options.charset;
  const Body html(body, charset, options.max_body_bytes);
  FoundUrls found(options);
  if (html.truncated()) found.MarkTruncated();
  extract::HtmlLimits limits;
  limits.max_cpu = options.max_html_cpu;
  const bool whole = extract::ScanHtml(
      html.text(), limits, [&found](std::string_view url, UrlOrigin origin, size_t offset) {
        found.Add(url, origin, offset);
      });
  if (!whole) found.MarkTruncated();
  return found.Take();
} catch (...) {
  return OutOfMemory();
}

}  // namespace cloister
