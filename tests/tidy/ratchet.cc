#include "tests/tidy/ratchet.h"

#include <map>
#include <sstream>
#include <utility>

namespace cloister::tidy {
namespace {

using Place = std::pair<std::string, std::string>;  // rule and path

std::map<Place, size_t> ReadKnown(std::string_view known, std::vector<std::string>* problems) {
  std::map<Place, size_t> amounts;
  std::istringstream in{std::string(known)};
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string rule, path, rest;
    size_t amount = 0;
    if (!(words >> rule)) continue;
    if (!(words >> path >> amount) || amount == 0 || (words >> rest)) {
      problems->push_back("tests/tidy/known.txt:" + std::to_string(number) +
                          ": expected \"rule path amount\", the amount above 0");
    } else if (!amounts.emplace(Place(rule, path), amount).second) {
      problems->push_back("tests/tidy/known.txt:" + std::to_string(number) + ": listed twice");
    }
  }
  return amounts;
}

std::string Line(const Finding& finding) {
  const std::string line = finding.line == 0 ? "" : ":" + std::to_string(finding.line);
  return finding.path + line + ": " + finding.rule + ": " + finding.message;
}

}  // namespace

std::vector<std::string> Ratchet(const Findings& findings, std::string_view known) {
  std::vector<std::string> problems;
  const std::map<Place, size_t> allowed = ReadKnown(known, &problems);
  std::map<Place, size_t> found;
  for (const Finding& finding : findings) found[{finding.rule, finding.path}] += finding.amount;

  for (const Finding& finding : findings) {
    const Place place(finding.rule, finding.path);
    const auto it = allowed.find(place);
    if (it == allowed.end() || found[place] > it->second) problems.push_back(Line(finding));
  }
  for (const auto& [place, amount] : allowed) {
    const auto it = found.find(place);
    const size_t now = it == found.end() ? 0 : it->second;
    if (now < amount) {
      problems.push_back("tests/tidy/known.txt: " + place.first + " " + place.second +
                         " is down to " + std::to_string(now) +
                         (now == 0 ? ": remove the line" : ": write that"));
    }
  }
  return problems;
}

}  // namespace cloister::tidy
