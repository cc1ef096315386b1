// The texts that builds of a feed are measured with: as sources write them, from a seed.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cloister::bench {

// A kind of source: what it is called, its format, and its lines.
struct FeedText {
  absl::string_view name;
  absl::string_view format;  // of feeds::NewFeedReader
  std::string header;        // "" or a line with its end
  // Appends the line of record `index`, with its end. No two are alike, and they come in no order.
  void (*append)(uint64_t index, std::string* text);
};

FeedText CsvText();   // SHA-256 with a verdict and one of kLabels threat names
FeedText HashText();  // bare SHA-256
FeedText UrlText();

// Writes `records` lines of it, replacing what is there.
absl::Status WriteFeedText(const FeedText& text, uint64_t records, const std::string& path);

}  // namespace cloister::bench
