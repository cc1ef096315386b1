// Words that documents of threat intelligence (STIX, MISP) say about an object.

#pragma once

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/verdict.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// The category that a label, type or tag stands for, if any: "phishing",
// "kill-chain:Command and Control", "misp-galaxy:ransomware=…". Attack techniques
// ("misp-galaxy:mitre-…") describe a campaign and give none.
std::optional<reputation::Category> CategoryOfWord(absl::string_view word);

// Adds what `options.category_map` says of the word, whatever its case; or else, where `options`
// has no categories for all entries, the category it stands for by itself.
void AddCategoriesOfWord(absl::string_view word, const FeedOptions& options,
                         std::vector<reputation::Category>* categories);

// Adds it if it is not there; keeps the order that labels need.
void AddCategory(reputation::Category category, std::vector<reputation::Category>* categories);

// RFC 3339, with or without a fraction or zone (then UTC), or YYYY-MM-DD. Nothing if it is none or
// before 1970-01-02.
std::optional<absl::Time> TimeOfText(absl::string_view text);

// The same in days, as records hold it; 0 if it is none or later than they can hold.
uint16_t DaysOfText(absl::string_view text);

}  // namespace cloister::feeds
