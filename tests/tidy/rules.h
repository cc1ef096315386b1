// The house rules. Each function looks at one file, or at the whole tree, and says what it found.
//
// Rules on sizes are heuristics for text that clang-format has laid out; they need no compiler.

#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source_file.h"

namespace cloister::tidy {

struct Finding {
  std::string rule;     // one word: "function-lines"
  std::string path;     // from the top of the project
  size_t line = 0;      // counted from 1; 0 if the whole file is meant
  size_t amount = 1;    // by how much a limit is exceeded, or 1: what the ratchet adds up
  std::string message;  // what is wrong, and the mend where it is not plain
};

using Findings = std::vector<Finding>;

// file-lines, header-lines, line-columns, function-lines, parameters.
Findings CheckSizes(const SourceFile& file);

// pragma-once, using-namespace, class-name, unfinished, sleep, disabled-test.
Findings CheckWords(const SourceFile& file);

// include-direction: rooms and libraries that house.md does not let this folder lean on.
// purity: calls that a room promises not to make (signing, clocks, outgoing connections).
Findings CheckDirections(const SourceFile& file);

// unbuilt: a source that no CMakeLists.txt names. `cmake_lists` are all files of that name.
Findings CheckBuilt(const std::vector<std::string>& sources,
                    const std::vector<const SourceFile*>& cmake_lists);

// large-file, binary-file: what does not belong into version control.
Findings CheckStored(const SourceFile& file);

// A function as the size rules see it.
struct Function {
  size_t line = 0;  // where its head starts
  size_t lines = 0;
  size_t parameters = 0;
  bool defined = false;  // has a body
};

// Functions at namespace or class level of blanked code, lambdas and local classes apart.
std::vector<Function> FindFunctions(std::string_view code);

}  // namespace cloister::tidy
