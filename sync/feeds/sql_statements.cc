#include "sync/feeds/sql_statements.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace cloister::feeds {

bool SqlStatements::ReadLine() {
  if (lines_->Next()) {
    has_line_ = true;
    position_ = 0;
    if (!lines_->cut()) return true;
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("line ", lines_->number(), ": longer than ", kMaxStatementBytes, " bytes"));
    return false;
  }
  status_ = lines_->status();
  if (status_.ok() && (!statement_.empty() || state_ == State::kBlockComment)) {
    status_ = absl::DataLossError(absl::StrCat(
        "the text ends in the middle of what begins at line ", line_, "; fetch the file again"));
  }
  return false;
}

void SqlStatements::Keep(char c) {
  if (statement_.empty()) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) return;
    line_ = lines_->number();
  }
  statement_.push_back(c);
}

bool SqlStatements::TakeCharacter() {
  const absl::string_view line = lines_->line();
  const char c = line[position_++];
  const char next = position_ < line.size() ? line[position_] : '\0';
  switch (state_) {
    case State::kLineComment:
      return false;
    case State::kBlockComment:
      if (c != '*' || next != '/') return false;
      ++position_;
      state_ = State::kPlain;
      Keep(' ');
      return false;
    case State::kQuoted:
      Keep(c);
      if (c == quote_) state_ = State::kPlain;
      return false;
    case State::kPlain:
      break;
  }
  if (c == ';') return !statement_.empty();
  if ((c == '-' && next == '-') || (c == '/' && next == '*')) {
    ++position_;
    state_ = c == '-' ? State::kLineComment : State::kBlockComment;
    return false;
  }
  if (c == '\'' || c == '"' || c == '`' || c == '[') {
    state_ = State::kQuoted;
    quote_ = c == '[' ? ']' : c;
  }
  Keep(c);
  return false;
}

bool SqlStatements::Next() {
  statement_.clear();
  if (!status_.ok()) return false;
  for (;;) {
    if (!has_line_ && !ReadLine()) return false;
    while (position_ < lines_->line().size()) {
      if (TakeCharacter()) return true;
    }
    has_line_ = false;
    if (state_ == State::kLineComment) state_ = State::kPlain;
    Keep('\n');
    if (statement_.size() <= kMaxStatementBytes) continue;
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("line ", line_, ": a statement longer than ", kMaxStatementBytes, " bytes"));
    return false;
  }
}

}  // namespace cloister::feeds
