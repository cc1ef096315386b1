// Finds functions by following braces.

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>

#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

enum class Block { kNamespace, kClass, kFunction, kOther };

bool Contains(const std::string& text, const std::regex& pattern) {
  return std::regex_search(text, pattern);
}

// A head up to its parameter list, template arguments left out.
struct Beginning {
  std::string text;
  size_t open = std::string_view::npos;  // of the list's "(" in the head, if there is one
};

Beginning BeginningOf(std::string_view head) {
  Beginning beginning;
  int angles = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    if (angles == 0 && head[i] == '(' && !EndsWith(beginning.text, "operator")) {
      beginning.open = i;
      break;
    }
    const size_t name = beginning.text.rfind("operator");
    const bool is_operator = name != std::string::npos && beginning.text.size() - name < 11;
    if (head[i] == '<' && !is_operator) ++angles;
    if (angles == 0) beginning.text.push_back(head[i]);
    if (head[i] == '>' && !is_operator) --angles;
  }
  return beginning;
}

// Number of parameters in the list that opens at `open`.
size_t CountParameters(std::string_view head, size_t open) {
  int depth = 0;
  size_t commas = 0;
  bool empty = true;
  for (size_t i = open + 1; i < head.size(); ++i) {
    const char c = head[i];
    if (c == ')' && depth == 0) break;
    if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '}' || c == ']' || (c == '>' && head[i - 1] != '-')) --depth;
    if (c == ',' && depth == 0) ++commas;
    if (!std::isspace(static_cast<unsigned char>(c))) empty = false;
  }
  return empty ? 0 : commas + 1;
}

class FunctionFinder {
 public:
  explicit FunctionFinder(std::string_view code) : code_(code) {}

  std::vector<Function> Run() {
    for (at_ = 0; at_ < code_.size(); ++at_) {
      if (code_[at_] == '{') {
        Open();
      } else if (code_[at_] == '}') {
        Close();
      } else if (code_[at_] == ';' && Depth() == 0) {
        Declaration();
        head_ = at_ + 1;
      }
    }
    return std::move(functions_);
  }

 private:
  struct Level {
    Block block;
    std::optional<Function> function;
    size_t head;  // where the text before the brace starts
  };

  // Whether declarations of namespaces or classes stand here, not statements.
  bool Outside() const {
    return levels_.empty() || levels_.back().block == Block::kNamespace ||
           levels_.back().block == Block::kClass;
  }

  // Open parentheses since the head began: a ";" between them ends nothing.
  int Depth() const {
    int depth = 0;
    for (char c : code_.substr(head_, at_ - head_)) depth += (c == '(') - (c == ')');
    return depth;
  }

  // The text before the brace or semicolon, runs of spaces made one, access specifiers apart.
  std::string Head() const {
    static const std::regex kAccess(R"(^ ?((public|private|protected) ?: ?)+)");
    std::string head;
    for (char c : code_.substr(head_, at_ - head_)) {
      const bool space = std::isspace(static_cast<unsigned char>(c));
      if (!space || (!head.empty() && head.back() != ' ')) head.push_back(space ? ' ' : c);
    }
    return std::regex_replace(head, kAccess, "");
  }

  // The line in which Head() starts.
  size_t HeadLine() const {
    const std::string word = Head().substr(0, Head().find(' '));
    const size_t first = code_.find(word, head_);
    return LineOf(code_, std::min(first, at_));
  }

  Block Classify(const std::string& head) const {
    static const std::regex kNamespace(R"(\b(namespace\b|extern ?"))");
    static const std::regex kClass(R"(\b(class|struct|union|enum)\b)");
    static const std::regex kAttribute(R"(\b(class|struct|union) [A-Z_]+$)");
    static const std::regex kValue(R"(=|\breturn\b)");
    static const std::regex kOperator(R"(\boperator\b)");
    if (!Outside()) return Block::kOther;
    // clang-format sets a brace that initialises close to its name: member_{value}.
    if (at_ > 0 && !std::isspace(static_cast<unsigned char>(code_[at_ - 1]))) return Block::kOther;
    const Beginning beginning = BeginningOf(head);
    const bool list = beginning.open != std::string_view::npos;
    if (!list && Contains(head, kNamespace)) return Block::kNamespace;
    const bool value = Contains(beginning.text, kValue) && !Contains(beginning.text, kOperator);
    if (list && !value && !Contains(beginning.text, kAttribute)) return Block::kFunction;
    return !value && Contains(beginning.text, kClass) ? Block::kClass : Block::kOther;
  }

  void Open() {
    const std::string head = Head();
    Level level{Classify(head), std::nullopt, head_};
    if (level.block == Block::kFunction) {
      level.function = Function{HeadLine(), 0, CountParameters(head, BeginningOf(head).open), true};
    }
    levels_.push_back(level);
    head_ = at_ + 1;
  }

  void Close() {
    if (levels_.empty()) return;
    Level level = levels_.back();
    levels_.pop_back();
    head_ = at_ + 1;
    if (level.function) {
      level.function->lines = LineOf(code_, at_) - level.function->line + 1;
      functions_.push_back(*level.function);
    } else if (level.block == Block::kOther && Outside()) {
      head_ = level.head;  // an initialiser: the declaration goes on behind it
    }
  }

  void Declaration() {
    static const std::regex kNone(R"(\b(using|typedef|static_assert)\b|=)");
    if (!Outside()) return;
    const std::string head = Head();
    const Beginning beginning = BeginningOf(head);
    if (beginning.open == std::string_view::npos || Contains(beginning.text, kNone)) return;
    functions_.push_back(Function{HeadLine(), 0, CountParameters(head, beginning.open), false});
  }

  std::string_view code_;
  size_t at_ = 0;
  size_t head_ = 0;  // where the declaration being read starts
  std::vector<Level> levels_;
  std::vector<Function> functions_;
};

}  // namespace

std::vector<Function> FindFunctions(std::string_view code) { return FunctionFinder(code).Run(); }

}  // namespace cloister::tidy
