// Exceptions that exist, each with its amount. They may only shrink: more than the amount fails,
// and so does less, until the list says so.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.h"

namespace cloister::tidy {

// Compares findings with `known`, a text of lines "rule path amount" with # comments. Returns what
// has to be mended, as lines to print; empty if the two agree.
std::vector<std::string> Ratchet(const Findings& findings, std::string_view known);

}  // namespace cloister::tidy
