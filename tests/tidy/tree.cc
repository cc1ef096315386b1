// What concerns the tree rather than a text.

#include <set>

#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

constexpr size_t kLargeFile = 1 << 20;

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash + 1));
}

// Every word of a CMakeLists.txt, as a path from the top of the project.
void AddNamedPaths(const SourceFile& list, std::set<std::string>* named) {
  constexpr std::string_view kBetween = " \t\n()\"";
  constexpr std::string_view kTop = "${PROJECT_SOURCE_DIR}/";
  const std::string folder = FolderOf(list.path);
  for (std::string_view line : list.lines) {
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      const size_t end = line.find_first_of(kBetween);
      const std::string_view word = line.substr(0, end);
      if (StartsWith(word, kTop)) {
        named->insert(std::string(word.substr(kTop.size())));
      } else if (!word.empty()) {
        named->insert(folder + std::string(word));
      }
      line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
  }
}

}  // namespace

Findings CheckBuilt(const std::vector<std::string>& sources,
                    const std::vector<const SourceFile*>& cmake_lists) {
  std::set<std::string> named;
  for (const SourceFile* list : cmake_lists) AddNamedPaths(*list, &named);
  Findings findings;
  for (const std::string& source : sources) {
    if (EndsWith(source, ".cc") && named.count(source) == 0) {
      findings.push_back({"unbuilt", source, 0, 1, "no CMakeLists.txt above it names this source"});
    }
  }
  return findings;
}

Findings CheckStored(const SourceFile& file) {
  Findings findings;
  if (file.text.size() > kLargeFile) {
    findings.push_back({"large-file", file.path, 0, 1, "larger than 1 MiB"});
  }
  // Seeds for fuzzing are what outside bytes look like.
  const bool seed = StartsWith(file.path, "tests/fuzz/corpus/");
  if (!seed && file.text.substr(0, 8192).find('\0') != std::string::npos) {
    findings.push_back({"binary-file", file.path, 0, 1, "not text"});
  }
  return findings;
}

}  // namespace cloister::tidy
