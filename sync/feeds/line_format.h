// What formats with one entry a line share.

#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/indicator.h"

namespace cloister::feeds {

// Skips a UTF-8 byte order mark and empty lines, refuses lines that were cut.
class LineFormat : public LineFeedReader {
 protected:
  // A line without white space around it, never empty. An error is the output's.
  virtual absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                                FeedOutput& output) = 0;

 private:
  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) final;
};

// Takes all of them, or rejects the row.
absl::Status TakeAll(const std::variant<std::vector<Listing>, Fault>& listings,
                     const RowPlace& place, FeedOutput& output);

// Without a comment, and without the white space that is then left: one that begins the line with
// '#', ';', '!' or "//", or one after white space with '#', ';' or "//". A '#' inside a word is
// part of a URL.
absl::string_view WithoutComment(absl::string_view line);

// As much of free text as a label holds: control characters and what is not UTF-8 replaced, cut
// at a character's end.
std::string FitLabel(absl::string_view text);

}  // namespace cloister::feeds
