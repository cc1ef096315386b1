// The statements of an SQL text, one at a time.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

// Cuts at each ';' outside of quotes ('', "", ``, []) and comments, which are left out. Bodies of
// triggers hold ';' themselves and fall apart. Not thread-safe.
class SqlStatements {
 public:
  static constexpr size_t kMaxStatementBytes = 1 << 20;

  // Borrows.
  explicit SqlStatements(LineReader* lines) : lines_(lines) {}

  // Moves to the next statement; false at the end and on error.
  bool Next();

  // Without the ';'. Valid until Next.
  const std::string& statement() const { return statement_; }
  // Where it begins, counted from 1.
  uint64_t line() const { return line_; }
  // ResourceExhausted if a statement is longer than kMaxStatementBytes, DataLoss if the text ends
  // in the middle of one, and errors of the lines.
  const absl::Status& status() const { return status_; }

 private:
  enum class State { kPlain, kQuoted, kLineComment, kBlockComment };

  bool ReadLine();
  // Takes what stands at position_; true if a statement ends there.
  bool TakeCharacter();
  void Keep(char c);

  LineReader* lines_;
  size_t position_ = 0;  // in the line
  bool has_line_ = false;
  State state_ = State::kPlain;
  char quote_ = '\0';  // that ends what is quoted
  std::string statement_;
  uint64_t line_ = 0;
  absl::Status status_;
};

}  // namespace cloister::feeds
