#include "sync/feeds/csv_row.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cloister::feeds {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvRows::Outcome CsvRows::SetDelimiter(char delimiter) {
  delimiter_ = delimiter;
  return Parse() == Parsed::kDone ? Outcome::kRow : Outcome::kBadRow;
}

bool CsvRows::PeekLine() {
  if (!ahead_.empty()) return true;
  if (!lines_->Next()) return false;
  absl::string_view text = lines_->line();
  if (lines_->number() == 1) absl::ConsumePrefix(&text, kByteOrderMark);
  ahead_.push_back({lines_->number(), std::string(text), lines_->cut()});
  return true;
}

bool CsvRows::NextLine(Line* line) {
  if (!PeekLine()) return false;
  *line = std::move(ahead_.front());
  ahead_.pop_front();
  return true;
}

void CsvRows::SkipComments(const std::function<void(absl::string_view)>& tell) {
  while (PeekLine()) {
    const absl::string_view text = absl::StripAsciiWhitespace(ahead_.front().text);
    if (!text.empty() && text.front() != '#') return;
    if (tell && !text.empty()) tell(text);
    ahead_.pop_front();
  }
}

bool CsvRows::IsPassedOver(absl::string_view line) const {
  line = absl::StripAsciiWhitespace(line);
  return line.empty() || (comments_allowed_ && line.front() == '#');
}

CsvRows::Outcome CsvRows::Next() {
  Line line;
  do {
    if (!NextLine(&line)) return Outcome::kEnd;
  } while (IsPassedOver(line.text));
  line_number_ = line.number;
  text_ = line.text;
  if (line.cut || text_.size() > kMaxRowBytes) {
    why_ = absl::StrCat("longer than ", kMaxRowBytes, " bytes");
    return Outcome::kBadRow;
  }
  return ParseFrom(line);
}

CsvRows::Outcome CsvRows::ParseFrom(const Line& first) {
  std::deque<Line> taken;
  Parsed parsed = Parse();
  while (parsed == Parsed::kOpenQuote && taken.size() + 1 < kMaxRowLines) {
    Line more;
    if (!NextLine(&more)) break;
    text_ = absl::StrCat(text_, "\n", more.text);
    const bool too_long = more.cut || text_.size() > kMaxRowBytes;
    taken.push_back(std::move(more));
    if (too_long) break;
    parsed = Parse();
  }
  if (parsed == Parsed::kDone) return Outcome::kRow;
  if (parsed == Parsed::kOpenQuote) why_ = "a quote is opened and never closed";
  // The lines after the first are rows of their own.
  ahead_.insert(ahead_.begin(), std::make_move_iterator(taken.begin()),
                std::make_move_iterator(taken.end()));
  text_ = first.text;
  return Outcome::kBadRow;
}

bool CsvRows::IsPadding(char c) const { return c != delimiter_ && (c == ' ' || c == '\t'); }

CsvRows::Parsed CsvRows::Parse() {
  fields_.clear();
  size_t position = 0;
  for (;;) {
    while (position < text_.size() && IsPadding(text_[position])) ++position;
    std::string field;
    if (position < text_.size() && text_[position] == '"') {
      const Parsed quoted = ParseQuoted(&position, &field);
      if (quoted != Parsed::kDone) return quoted;
    } else {
      const size_t end = std::min(text_.find(delimiter_, position), text_.size());
      field = std::string(
          absl::StripAsciiWhitespace(absl::string_view(text_).substr(position, end - position)));
      position = end;
    }
    fields_.push_back(std::move(field));
    if (position >= text_.size()) return Parsed::kDone;
    ++position;  // the delimiter
  }
}

CsvRows::Parsed CsvRows::ParseQuoted(size_t* position, std::string* field) {
  size_t i = *position + 1;
  for (;; ++i) {
    if (i >= text_.size()) return Parsed::kOpenQuote;
    if (text_[i] != '"') {
      field->push_back(text_[i]);
    } else if (i + 1 < text_.size() && text_[i + 1] == '"') {
      field->push_back('"');
      ++i;
    } else {
      break;
    }
  }
  ++i;
  while (i < text_.size() && IsPadding(text_[i])) ++i;
  if (i < text_.size() && text_[i] != delimiter_) {
    why_ = "text after a closing quote; a quote inside a field is written twice";
    return Parsed::kBad;
  }
  *position = i;
  return Parsed::kDone;
}

}  // namespace cloister::feeds
