#include "sync/feeds/stix_grammar.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

using Conjunctions = std::vector<StixConjunction>;

enum class TokenKind { kEnd, kWord, kPath, kString, kMark, kBad };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  size_t offset = 0;

  bool Is(absl::string_view mark) const { return kind == TokenKind::kMark && text == mark; }
  bool IsWord(absl::string_view word) const {
    return kind == TokenKind::kWord && absl::EqualsIgnoreCase(text, word);
  }
};

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || absl::StrContains("_-.+", c); }

// Cuts a pattern into tokens.
class Lexer {
 public:
  explicit Lexer(absl::string_view text) : text_(text) {}

  Token Next() {
    while (At() != '\0' && absl::ascii_isspace(At())) ++position_;
    Token token;
    token.offset = position_;
    if (position_ >= text_.size()) return token;
    const char c = At();
    if (c == '\'') {
      token.kind = String(&token.text) ? TokenKind::kString : TokenKind::kBad;
    } else if (IsWordCharacter(c)) {
      Word(&token);
    } else {
      Mark(&token);
    }
    return token;
  }

 private:
  char At(size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }

  bool String(std::string* out) {
    for (++position_; position_ < text_.size(); ++position_) {
      char c = text_[position_];
      if (c == '\'') {
        ++position_;
        return true;
      }
      if (c == '\\' && position_ + 1 < text_.size()) c = text_[++position_];
      out->push_back(c);
    }
    return false;
  }

  // A keyword or number; with a ':' inside an object path; a typed literal such as t'…'.
  void Word(Token* token) {
    token->kind = TokenKind::kWord;
    while (IsWordCharacter(At())) token->text.push_back(text_[position_++]);
    if (At() == '\'' && token->text.size() == 1) {
      token->text.clear();
      token->kind = String(&token->text) ? TokenKind::kString : TokenKind::kBad;
      return;
    }
    if (At() == ':') Path(token);
  }

  void Path(Token* token) {
    token->kind = TokenKind::kPath;
    for (;;) {
      const char c = At();
      if (IsWordCharacter(c) || c == ':' || c == '*') {
        token->text.push_back(c);
        ++position_;
      } else if (c == '\'' && absl::EndsWith(token->text, ".")) {
        if (!String(&token->text)) token->kind = TokenKind::kBad;
      } else if (c == '[' || c == ']') {
        if (c == ']' && !absl::StrContains(token->text, '[')) return;
        if (c == ']' && absl::EndsWith(token->text, "]")) return;
        token->text.push_back(c);
        ++position_;
      } else {
        return;
      }
    }
  }

  void Mark(Token* token) {
    token->kind = TokenKind::kMark;
    const char c = At();
    const char next = At(1);
    const bool two = ((c == '!' || c == '<' || c == '>' || c == '=') && next == '=') ||
                     (c == '<' && next == '>');
    token->text = std::string(text_.substr(position_, two ? 2 : 1));
    position_ += token->text.size();
    if (!absl::StrContains("[](),=!<>", token->text.front())) token->kind = TokenKind::kBad;
  }

  absl::string_view text_;
  size_t position_ = 0;
};

size_t BytesOf(const Conjunctions& conjunctions) {
  size_t bytes = 0;
  for (const StixConjunction& conjunction : conjunctions) {
    for (const StixComparison& one : conjunction) {
      bytes += sizeof(one) + one.path.size() + one.op.size() + one.value.size();
    }
  }
  return bytes;
}

// Recursive descent; every function leaves the first token it does not use in token_.
class Parser {
 public:
  Parser(absl::string_view text, const StixLimits& limits) : lexer_(text), limits_(limits) {
    Advance();
  }

  std::variant<StixAlternatives, Fault> Parse() {
    Conjunctions all = Observations(0);
    if (!fault_.has_value() && token_.kind != TokenKind::kEnd) Fail("unexpected text");
    if (fault_.has_value()) return *std::move(fault_);
    return StixAlternatives{std::move(all), std::move(unsupported_)};
  }

 private:
  void Advance() { token_ = lexer_.Next(); }

  Conjunctions Fail(absl::string_view why) {
    if (!fault_.has_value()) {
      fault_ = Fault{RowFault::kMalformed,
                     absl::StrCat("pattern, character ", token_.offset + 1, ": ", why)};
    }
    return {};
  }

  bool Expect(absl::string_view mark) {
    if (!token_.Is(mark)) {
      Fail(absl::StrCat("expected ", mark));
      return false;
    }
    Advance();
    return true;
  }

  void Append(Conjunctions more, Conjunctions* all) {
    if (all->size() + more.size() > limits_.max_alternatives) Fail("too many alternatives");
    for (StixConjunction& conjunction : more) all->push_back(std::move(conjunction));
  }

  // [ … ] OR [ … ], and what else may join observations.
  Conjunctions Observations(int depth) {
    if (depth > limits_.max_depth) return Fail("too many parentheses inside each other");
    Conjunctions all = Observation(depth);
    while (!fault_.has_value()) {
      const bool sequence = token_.IsWord("AND") || token_.IsWord("FOLLOWEDBY");
      if (!sequence && !token_.IsWord("OR")) break;
      if (sequence) unsupported_ = absl::StrCat("several observations joined by ", token_.text);
      Advance();
      Append(Observation(depth), &all);
    }
    return all;
  }

  Conjunctions Observation(int depth) {
    Conjunctions all;
    if (token_.Is("(")) {
      Advance();
      all = Observations(depth + 1);
      if (!Expect(")")) return {};
    } else {
      if (!Expect("[")) return {};
      all = Or(depth);
      if (!Expect("]")) return {};
    }
    Qualifiers();
    return all;
  }

  // WITHIN 5 SECONDS, REPEATS 3 TIMES, START t'…' STOP t'…'
  void Qualifiers() {
    while (token_.IsWord("WITHIN") || token_.IsWord("REPEATS") || token_.IsWord("START")) {
      unsupported_ = absl::StrCat("the qualifier ", token_.text);
      const int words = token_.IsWord("START") ? 4 : 3;
      for (int i = 0; i < words; ++i) Advance();
    }
  }

  Conjunctions Or(int depth) {
    if (depth > limits_.max_depth) return Fail("too many parentheses inside each other");
    Conjunctions all = And(depth);
    while (!fault_.has_value() && token_.IsWord("OR")) {
      Advance();
      Append(And(depth), &all);
    }
    return all;
  }

  Conjunctions And(int depth) {
    Conjunctions all = Term(depth);
    while (!fault_.has_value() && token_.IsWord("AND")) {
      Advance();
      all = Both(all, Term(depth));
    }
    return all;
  }

  // (a OR b) AND (c OR d) = ac OR ad OR bc OR bd
  Conjunctions Both(const Conjunctions& left, const Conjunctions& right) {
    Conjunctions all;
    if (!left.empty() && right.size() > limits_.max_alternatives / 16 / left.size()) {
      if (left.size() > 1 && right.size() > 1) return Fail("too many alternatives");
    }
    if (BytesOf(left) * right.size() + BytesOf(right) * left.size() > limits_.max_product_bytes) {
      return Fail("too many alternatives of too many bytes");
    }
    for (const StixConjunction& a : left) {
      for (const StixConjunction& b : right) {
        if (a.size() + b.size() > limits_.max_comparisons) return Fail("too many comparisons");
        all.push_back(a);
        all.back().insert(all.back().end(), b.begin(), b.end());
      }
    }
    return all;
  }

  Conjunctions Term(int depth) {
    if (token_.Is("(")) {
      Advance();
      Conjunctions all = Or(depth + 1);
      return Expect(")") ? all : Conjunctions{};
    }
    return Comparison();
  }

  Conjunctions Comparison() {
    if (token_.IsWord("EXISTS") || token_.IsWord("NOT")) return Negated();
    if (token_.kind != TokenKind::kPath) return Fail("expected a property such as file:name");
    StixComparison comparison;
    comparison.path = token_.text;
    Advance();
    if (token_.IsWord("NOT")) {
      comparison.op = "NOT ";
      Advance();
    }
    if (token_.kind != TokenKind::kMark && token_.kind != TokenKind::kWord) {
      return Fail("expected an operator");
    }
    absl::StrAppend(&comparison.op, absl::AsciiStrToUpper(token_.text));
    if (comparison.op == "==") comparison.op = "=";
    Advance();
    return Values(comparison);
  }

  // "NOT (…)" and "EXISTS path" are of no use; they are read to go on behind them.
  Conjunctions Negated() {
    StixComparison comparison{"", absl::AsciiStrToUpper(token_.text), ""};
    Advance();
    if (token_.kind == TokenKind::kPath && comparison.op == "EXISTS") {
      comparison.path = token_.text;
      Advance();
      return {{comparison}};
    }
    return Fail("NOT before a comparison");
  }

  Conjunctions Values(const StixComparison& comparison) {
    if (!token_.Is("(")) {
      if (!IsLiteral()) return Fail("expected a value in single quotes");
      Conjunctions one = {{{comparison.path, comparison.op, token_.text}}};
      Advance();
      return one;
    }
    Conjunctions all;
    const bool set = comparison.op == "IN";
    do {
      Advance();
      if (!IsLiteral()) return Fail("expected a value in single quotes");
      Append({{{comparison.path, set ? "=" : comparison.op, token_.text}}}, &all);
      Advance();
    } while (!fault_.has_value() && token_.Is(","));
    return Expect(")") ? all : Conjunctions{};
  }

  bool IsLiteral() const {
    return token_.kind == TokenKind::kString || token_.kind == TokenKind::kWord;
  }

  Lexer lexer_;
  StixLimits limits_;
  Token token_;
  std::optional<Fault> fault_;
  std::string unsupported_;
};

}  // namespace

std::variant<StixAlternatives, Fault> ParseStixPattern(absl::string_view pattern,
                                                       const StixLimits& limits) {
  if (pattern.size() > limits.max_bytes) {
    return Fault{RowFault::kMalformed, absl::StrCat("a pattern of ", pattern.size(), " bytes")};
  }
  return Parser(pattern, limits).Parse();
}

}  // namespace cloister::feeds
