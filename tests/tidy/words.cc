// Words that do not belong into the tree.

#include <regex>

#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

struct Word {
  const char* rule;
  const char* pattern;
  const char* message;
  enum { kEverywhere, kTests, kHeaders } where = kEverywhere;
};

// Looked for in code: comments and literals do not count.
const Word kCodeWords[] = {
    {"using-namespace", R"(\busing\s+namespace\b)", "it reaches whoever includes this",
     Word::kHeaders},
    {"class-name", R"(\b(class|struct)\s+\w*(Manager|Helper|Util|Utils|Impl)\b)",
     "name what it is, not that it helps"},
    {"sleep", R"(\b(sleep_for|sleep_until|SleepFor|usleep|nanosleep|sleep)\s*\()",
     "wait for the event or condition itself, with a deadline", Word::kTests},
    {"disabled-test", R"(\bDISABLED_\w)", "mend the test or delete it"},
};

// Looked for everywhere. Spelt in two halves, so that this file does not contain them.
const Word kTextWords[] = {
    {"unfinished",
     "\\b(TO"
     "DO|FIX"
     "ME|XX"
     "X|HA"
     "CK)\\b",
     "finish it, or open an issue"},
};

void Search(const SourceFile& file, const std::string& text, const Word& word, Findings* findings) {
  if (word.where == Word::kTests && !IsTest(file.path)) return;
  if (word.where == Word::kHeaders && !IsHeader(file.path)) return;
  const std::regex pattern(word.pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    const size_t line = LineOf(text, static_cast<size_t>(it->position()));
    findings->push_back({word.rule, file.path, line, 1, "\"" + it->str() + "\": " + word.message});
  }
}

}  // namespace

Findings CheckWords(const SourceFile& file) {
  Findings findings;
  for (const Word& word : kTextWords) Search(file, file.text, word, &findings);
  if (!IsCpp(file.path)) return findings;
  for (const Word& word : kCodeWords) Search(file, file.code, word, &findings);
  if (IsHeader(file.path) && file.text.find("\n#pragma once\n") == std::string::npos &&
      !StartsWith(file.text, "#pragma once\n")) {
    findings.push_back({"pragma-once", file.path, 0, 1, "a header without #pragma once"});
  }
  return findings;
}

}  // namespace cloister::tidy
