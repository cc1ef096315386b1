// cloister-tidy DIRECTORY: checks the house rules over a whole source tree.

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "tests/tidy/ratchet.h"
#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

std::string Read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void Append(Findings more, Findings* findings) {
  findings->insert(findings->end(), more.begin(), more.end());
}

int Run(const std::string& root) {
  const std::vector<std::string> paths = ListFiles(root);
  std::vector<std::unique_ptr<SourceFile>> files;
  std::vector<const SourceFile*> cmake_lists;
  Findings findings;
  for (const std::string& path : paths) {
    files.push_back(std::make_unique<SourceFile>(path, Read(root + "/" + path)));
    const SourceFile& file = *files.back();
    if (EndsWith(path, "CMakeLists.txt")) cmake_lists.push_back(&file);
    Append(CheckStored(file), &findings);
    Append(CheckSizes(file), &findings);
    Append(CheckWords(file), &findings);
    Append(CheckDirections(file), &findings);
  }
  Append(CheckBuilt(paths, cmake_lists), &findings);

  const auto problems = Ratchet(findings, Read(root + "/tests/tidy/known.txt"));
  for (const std::string& problem : problems) std::cout << problem << "\n";
  std::cout << paths.size() << " files, " << problems.size() << " problems\n";
  return paths.empty() || !problems.empty() ? 1 : 0;
}

}  // namespace
}  // namespace cloister::tidy

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cloister-tidy DIRECTORY\n";
    return 2;
  }
  return cloister::tidy::Run(argv[1]);
}
