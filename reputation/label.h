// Words that many records share: what a threat is called, what software is. Stored once per feed;
// a record holds its label's id. Overrides have one each.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "reputation/verdict.h"

namespace cloister::reputation {

// Of one of a label's texts.
inline constexpr size_t kMaxLabelTextBytes = 255;

struct Label {
  std::string threat_name;           // as the feed names it, "" if none
  std::vector<Category> categories;  // sorted, unique
  std::string product;               // software identity
  std::string vendor;
  std::string version;

  bool empty() const;
  friend auto operator<=>(const Label&, const Label&) = default;
  friend bool operator==(const Label&, const Label&) = default;
};

// InvalidArgument names the text that is longer than `max_text_bytes` or not UTF-8, or says that
// categories are not sorted and unique.
absl::Status CheckLabel(const Label& label, size_t max_text_bytes = kMaxLabelTextBytes);

}  // namespace cloister::reputation
