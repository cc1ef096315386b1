#include "tests/unit/reputation/published_differences.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/support/vectors.h"

namespace cloister::testing {

PublishedDifferences::PublishedDifferences(absl::string_view table) : table_(table) {
  for (const VectorRow& row : ReadVectors("published_differences.txt", 3)) {
    if (row.fields[0] != table) continue;
    EXPECT_FALSE(row.fields[2].empty()) << row.place << " gives no reason";
    EXPECT_TRUE(rows_.try_emplace(row.fields[1], Row{row.place}).second)
        << row.place << " stands there twice";
  }
}

PublishedDifferences::~PublishedDifferences() {
  for (const auto& [input, row] : rows_) {
    EXPECT_TRUE(row.seen) << row.place << ": nobody publishes this row of " << table_;
    EXPECT_TRUE(row.differs || !row.seen) << row.place << ": it does not differ (any more)";
  }
}

void PublishedDifferences::Check(const std::string& input, const std::string& ours,
                                 const std::string& theirs) {
  ++checked_;
  const auto listed = rows_.find(input);
  if (listed == rows_.end()) {
    EXPECT_EQ(ours, theirs) << table_ << ": " << absl::CHexEscape(input);
    return;
  }
  listed->second.seen = true;
  listed->second.differs |= ours != theirs;
}

}  // namespace cloister::testing
