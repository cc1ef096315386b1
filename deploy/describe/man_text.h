// Plain text as man(7) wants it.

#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cloister::describe {

// One line of text: quotes, dashes and everything else that man(7) would change, escaped.
std::string ManEscaped(absl::string_view text);
std::string ManBold(absl::string_view text);
std::string ManItalic(absl::string_view text);

// Part of a page: a heading in capitals, and its text as man(7).
struct ManSection {
  std::string heading;
  std::string text;
};

// Takes what --help says around the options apart: what stands under "Examples:", "Exit codes:",
// "Signals:" and "A configuration…:" becomes a section of its own, in the usual order; the rest is
// DESCRIPTION. Indented lines stay as they are.
std::vector<ManSection> ManSections(absl::string_view about, absl::string_view footer);

}  // namespace cloister::describe
