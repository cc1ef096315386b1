// Manual pages in man(7).

#pragma once

#include <string>
#include <vector>

#include "deploy/describe/programs.h"

namespace cloister::describe {

struct ManPage {
  std::string file;  // "cloister-feeds.1"
  std::string text;
};

// A page for each program and for each of its commands; what is below a command stands on its page.
// A command whose page would have the name of a program ("cloister bundle") stands on the page of
// what is above it. `date` is printed at the foot of each page, YYYY-MM-DD.
std::vector<ManPage> ManPages(const std::vector<Program>& programs, const std::string& date);

}  // namespace cloister::describe
