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

bool CsvRows::ReadLine(Line* line) {
  if (!lines_->Next()) return false;
  absl::string_view text = lines_->line();
  if (lines_->number() == 1) absl::ConsumePrefix(&text, kByteOrderMark);
  line->number = lines_->number();
  line->text.assign(text.data(), text.size());
  line->cut = lines_->cut();
  return true;
}

bool CsvRows::PeekLine() {
  if (!ahead_.empty()) return true;
  Line line;
  if (!ReadLine(&line)) return false;
  ahead_.push_back(std::move(line));
  return true;
}

bool CsvRows::NextLine(Line* line) {
  if (ahead_.empty()) return ReadLine(line);
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
  do {
    if (!NextLine(&first_)) return Outcome::kEnd;
  } while (IsPassedOver(first_.text));
  line_number_ = first_.number;
  text_ = first_.text;
  if (first_.cut || text_.size() > kMaxRowBytes) {
    why_ = absl::StrCat("longer than ", kMaxRowBytes, " bytes");
    return Outcome::kBadRow;
  }
  return ParseFromFirst();
}

CsvRows::Outcome CsvRows::ParseFromFirst() {
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
  text_ = first_.text;
  return Outcome::kBadRow;
}

bool CsvRows::IsPadding(char c) const { return c != delimiter_ && (c == ' ' || c == '\t'); }

CsvRows::Parsed CsvRows::Parse() {
  size_t count = 0;
  size_t position = 0;
  for (;;) {
    while (position < text_.size() && IsPadding(text_[position])) ++position;
    // What the row before put there is overwritten, so that rows need no fresh memory.
    if (count == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[count++];
    field.clear();
    if (position < text_.size() && text_[position] == '"') {
      const Parsed quoted = ParseQuoted(&position, &field);
      if (quoted != Parsed::kDone) {
        fields_.clear();
        return quoted;
      }
    } else {
      const size_t end = std::min(text_.find(delimiter_, position), text_.size());
      const absl::string_view bare =
          absl::StripAsciiWhitespace(absl::string_view(text_).substr(position, end - position));
      field.assign(bare.data(), bare.size());
      position = end;
    }
    if (position >= text_.size()) {
      fields_.resize(count);
      return Parsed::kDone;
    }
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
