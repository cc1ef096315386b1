// Rows of comma-separated values (RFC 4180), read so that one bad row costs that row only.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

// Besides RFC 4180: LF ends a line too, a UTF-8 byte order mark is skipped, empty lines are
// skipped, and white space around a field counts only inside quotes (exports with ", " between
// fields are common). Not thread-safe.
class CsvRows {
 public:
  // A quoted field may hold line breaks, but a row that is still open after this many lines or
  // bytes is a forgotten quote: its first line is reported as bad and reading goes on after it.
  static constexpr size_t kMaxRowLines = 16;
  static constexpr size_t kMaxRowBytes = 64 * 1024;

  enum class Outcome { kRow, kBadRow, kEnd };

  explicit CsvRows(LineReader* lines) : lines_(lines) {}

  // What stands between fields, a comma if nothing else is said. Splits the row at hand anew;
  // what Next() would have said of it.
  Outcome SetDelimiter(char delimiter);

  // The next row. At kEnd look at the reader's status.
  Outcome Next();
  // Skips lines that start with '#' and empty ones; for use before the header. `tell` is given
  // each comment.
  void SkipComments(const std::function<void(absl::string_view)>& tell = nullptr);
  // From now on such lines are skipped wherever a row could begin.
  void AllowComments() { comments_allowed_ = true; }

  const std::vector<std::string>& fields() const { return fields_; }
  // Why the row is bad.
  const std::string& why() const { return why_; }
  // Where the row starts, and its text as it stands.
  uint64_t line_number() const { return line_number_; }
  const std::string& text() const { return text_; }

 private:
  struct Line {
    uint64_t number = 0;
    std::string text;
    bool cut = false;
  };
  enum class Parsed { kDone, kOpenQuote, kBad };

  bool ReadLine(Line* line);
  bool NextLine(Line* line);
  bool IsPassedOver(absl::string_view line) const;
  bool PeekLine();
  Outcome ParseFromFirst();
  // White space that means nothing here.
  bool IsPadding(char c) const;
  // Splits text_ into fields_.
  Parsed Parse();
  Parsed ParseQuoted(size_t* position, std::string* field);

  LineReader* lines_;
  char delimiter_ = ',';
  Line first_;              // of the row at hand
  std::deque<Line> ahead_;  // read, but not used
  std::vector<std::string> fields_;
  std::string why_;
  std::string text_;
  uint64_t line_number_ = 0;
  bool comments_allowed_ = false;
};

}  // namespace cloister::feeds
