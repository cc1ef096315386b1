// URLs as mail has them: what a reader of the mail could follow, found in a body as its bytes are
// after the transfer encoding was undone. Nothing is fetched or resolved.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cloister {

// How a URL was found.
enum class UrlOrigin : unsigned char {
  kText = 0,       // written out, with a scheme
  kBareText = 1,   // written out without one: "www.example.com", "example.com/login"
  kAttribute = 2,  // an attribute of HTML that is followed or loaded: href, src, action …
  kUnwrapped = 3,  // taken out of another one: Safe Links, urldefense, google.com/url …
};

struct FoundUrl {
  std::string url;  // as found; canonical forms are made at lookup
  UrlOrigin origin = UrlOrigin::kText;
  // Where it stands in the body as UTF-8; in HTML, where its element or line of text begins.
  size_t offset = 0;

  friend bool operator==(const FoundUrl&, const FoundUrl&) = default;
};

struct ExtractOptions {
  size_t max_body_bytes = 16u << 20;  // what is beyond is not looked at
  size_t max_urls = 10'000;           // different ones; more are left out, as is what they are
                                      // beyond 64 MiB together or four times max_body_bytes
  size_t max_unwrap_depth = 4;        // wrappers within wrappers
  // What HTML made to exhaust parsers may cost of the thread's time; beyond it the source is
  // searched like text. A newsletter takes a millisecond or two.
  std::chrono::milliseconds max_html_cpu{2000};
  // The charset that the mail states, for HTML and text that are not UTF-8; empty: UTF-8, or what
  // the HTML itself states. If ASCII is something else in it the bytes as they are are searched,
  // too.
  std::string charset;
};

// What was found, each different URL once, in the order of the body; a wrapper stands before what
// it wraps: look both up.
struct ExtractedUrls {
  std::vector<FoundUrl> urls;
  bool truncated = false;  // a limit was reached, or memory is exhausted: there may be more
};

// Of a text/plain body. Without a scheme only what begins with "www." or has a host, of a known
// top-level domain, and a path: "setup.py" and "file.zip" are not hosts. Brackets, quotes and
// punctuation around a URL are not part of it; one in angle brackets may be broken over lines (RFC
// 3986, appendix C). Where quoted-printable was left in ("=3D", "=" at the end of a line) both
// forms are given, and so it is where other writing runs on into a URL, or URLs into each other:
// "example.com/login，谢谢". Defanged text stays as it is. Never throws; thread-safe.
ExtractedUrls ExtractUrlsFromText(std::string_view body,
                                  const ExtractOptions& options = {}) noexcept;

// Of a text/html body, by a parser that reads as browsers do (WHATWG HTML): attributes, with
// <base href>, meta refresh, and what stands in the text; also in documents within (srcdoc,
// conditional comments, "data:") and in links of other schemes ("mailto:…?body=").
ExtractedUrls ExtractUrlsFromHtml(std::string_view body,
                                  const ExtractOptions& options = {}) noexcept;

// What `url` wraps, outermost first, where it is a link of a rewriting service or redirector that
// carries its target: empty if it is none.
std::vector<std::string> UnwrapUrl(std::string_view url, size_t max_depth = 4) noexcept;

}  // namespace cloister
