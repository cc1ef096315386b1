// Completion of command lines in bash.

#pragma once

#include <string>
#include <vector>

#include "deploy/describe/programs.h"

namespace cloister::describe {

// A script for bash to source: what `program` takes as tables, and `engine`
// (deploy/completion/engine.bash) which reads them. `formats` are the names of feed formats.
// Commands that another of `all` programs carries out are completed as there.
std::string BashCompletion(const Program& program, const std::vector<Program>& all,
                           const std::vector<std::string>& formats, const std::string& engine);

}  // namespace cloister::describe
