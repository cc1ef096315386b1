// What is found in mail bodies keeps its limits, and is found again in itself.

#include <algorithm>
#include <string_view>

#include "cloister/extract_urls.h"
#include "tests/fuzz/require.h"

namespace cloister::fuzz {
namespace {

constexpr size_t kMaxUrls = 50;

void CheckFound(const ExtractedUrls& found, std::string_view body) {
  Require(found.urls.size() <= kMaxUrls, "no more URLs than the limit");
  for (size_t i = 0; i < found.urls.size(); ++i) {
    Require(!found.urls[i].url.empty(), "no URL is empty");
    Require(found.urls[i].offset <= body.size() * 4, "it stands in the body");
    for (size_t j = 0; j < i; ++j) {
      Require(found.urls[i].url != found.urls[j].url, "each URL once");
    }
  }
}

}  // namespace
}  // namespace cloister::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  cloister::ExtractOptions options;
  options.max_urls = cloister::fuzz::kMaxUrls;
  cloister::fuzz::CheckFound(cloister::ExtractUrlsFromText(body, options), body);
  cloister::fuzz::CheckFound(cloister::ExtractUrlsFromHtml(body, options), body);
  cloister::UnwrapUrl(body);
  return 0;
}
