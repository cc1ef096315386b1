// Finds URLs in HTML.

#pragma once

#include <functional>
#include <string_view>

#include "client-sdk/extract/html_tree.h"
#include "cloister/extract_urls.h"

namespace cloister::extract {

// Told of each URL in the order of the document; borrowed for the call. False ends the search.
using HtmlUrlVisitor = std::function<bool(std::string_view url, UrlOrigin origin, size_t offset)>;

// What extract_urls.h says of ExtractUrlsFromHtml. `html` is UTF-8. False if the document, or one
// within it, costs more than `limits`: then what stands in its source was searched like text.
bool ScanHtml(std::string_view html, HtmlLimits limits, const HtmlUrlVisitor& visit);

}  // namespace cloister::extract
