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
  // Forgets what an earlier reading left behind.
  virtual void Begin() {}

 private:
  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) final;
};

using ListingsOrFault = std::variant<std::vector<Listing>, Fault>;

// Takes all of them, or rejects the row.
absl::Status TakeAll(const ListingsOrFault& listings, const RowPlace& place, FeedOutput& output);

// Nothing is below an address: where a list of names holds one, its scope is its own.
ListingsOrFault WithoutScopeOfAddresses(ListingsOrFault listings);

// Without a comment, and without the white space that is then left: one that begins the line with
// '#', ';', '!' or "//", or one after white space with '#', ';' or "//". A '#' inside a word is
// part of a URL.
absl::string_view WithoutComment(absl::string_view line);

// Whether DNS answers with this address to keep clients away: 0.0.0.0, 127.0.0.0/8, :: and ::1.
bool IsNowhere(absl::string_view address);

// As much of free text as a label holds, safe to print: control characters, what turns the
// direction of text, and what is not UTF-8 replaced, cut at a character's end.
std::string FitLabel(absl::string_view text);

}  // namespace cloister::feeds
