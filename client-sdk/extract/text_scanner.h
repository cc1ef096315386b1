// Finds URLs that are written out in text.

#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "cloister/extract_urls.h"

namespace cloister::extract {

// Told of each URL, where it begins in the text, and whether it has a scheme (kText) or not
// (kBareText). The text is borrowed for the call.
using TextUrlVisitor = std::function<void(std::string_view url, UrlOrigin origin, size_t offset)>;

// What extract_urls.h says of ExtractUrlsFromText. `text` is UTF-8; what is not is passed over.
// Takes time in proportion to the text.
void ScanText(std::string_view text, const TextUrlVisitor& visit);

}  // namespace cloister::extract
