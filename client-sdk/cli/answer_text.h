// Answers for people.

#pragma once

#include <string>

#include "client-sdk/cli/terminal.h"
#include "cloister/answer.h"

namespace cloister::cli {

// "MALICIOUS", "NOT LISTED" …: the verdict of a listed answer, the status of others; coloured.
std::string Headline(const Answer& answer, const Terminal& terminal);
std::string VerdictText(Verdict verdict, const Terminal& terminal);

// "feed threats v3, 12 s old", "authoritative feed …" or "override".
std::string SourceText(const Match& match);

// A headline with `object` ("url example.com/x"), then a line each for what matched, the threat,
// the software, the source, feeds consulted, and what was outranked.
void PrintAnswer(const Terminal& terminal, const std::string& object, const Answer& answer);

// The same in one line, for long lists.
void PrintAnswerLine(const Terminal& terminal, const std::string& object, const Answer& answer);

}  // namespace cloister::cli
