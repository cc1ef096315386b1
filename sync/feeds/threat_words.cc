#include "sync/feeds/threat_words.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "reputation/record.h"

namespace cloister::feeds {
namespace {

using reputation::Category;

constexpr std::pair<absl::string_view, Category> kWords[] = {
    {"phish", Category::kPhishing},
    {"command and control", Category::kBotnetC2},
    {"commandandcontrol", Category::kBotnetC2},
    {"botnet", Category::kBotnetC2},
    {"cryptominer", Category::kCryptominer},
    {"cryptomining", Category::kCryptominer},
    {"cryptojack", Category::kCryptominer},
    {"coinminer", Category::kCryptominer},
    {"adware", Category::kAdware},
    {"riskware", Category::kRiskware},
    {"stalkerware", Category::kRiskware},
    {"scam", Category::kScam},
    {"fraud", Category::kScam},
    {"spam", Category::kSpamSource},
    {"malware", Category::kMalware},
    {"ransomware", Category::kMalware},
    {"trojan", Category::kMalware},
    {"malicious file", Category::kMalware},
};

}  // namespace

std::optional<Category> CategoryOfWord(absl::string_view word) {
  std::string plain = absl::AsciiStrToLower(word);
  if (absl::StartsWith(plain, "misp-galaxy:mitre-")) return std::nullopt;
  plain = absl::StrReplaceAll(plain, {{"-", " "}, {"_", " "}});
  if (plain == "c2" || plain == "c&c" || plain == "cnc") return Category::kBotnetC2;
  for (const auto& [part, category] : kWords) {
    if (absl::StrContains(plain, part)) return category;
  }
  return std::nullopt;
}

void AddCategoriesOfWord(absl::string_view word, const FeedOptions& options,
                         std::vector<Category>* categories) {
  const auto mapped = options.category_map.find(absl::AsciiStrToLower(word));
  if (mapped != options.category_map.end()) {
    for (const Category category : mapped->second) AddCategory(category, categories);
    return;
  }
  const std::optional<Category> category = CategoryOfWord(word);
  if (!options.categories.has_value() && category.has_value()) AddCategory(*category, categories);
}

void AddCategory(Category category, std::vector<Category>* categories) {
  const auto at = std::lower_bound(categories->begin(), categories->end(), category);
  if (at == categories->end() || *at != category) categories->insert(at, category);
}

std::optional<absl::Time> TimeOfText(absl::string_view text) {
  for (const char* format : {absl::RFC3339_full, "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d"}) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(format, text, &time, &error)) continue;
    if (time < absl::UnixEpoch() + absl::Hours(24)) return std::nullopt;
    return time;
  }
  return std::nullopt;
}

uint16_t DaysOfText(absl::string_view text) {
  const std::optional<absl::Time> time = TimeOfText(text);
  const absl::Time last = absl::UnixEpoch() + absl::Hours(24) * int64_t{UINT16_MAX};
  return time.has_value() && *time < last ? reputation::DaysSinceEpoch(*time) : 0;
}

}  // namespace cloister::feeds
