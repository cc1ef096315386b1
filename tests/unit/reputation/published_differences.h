// Rows of vectors that others publish in which we differ on purpose, with the reason:
// tests/vectors/published_differences.txt. Any other difference is a failure; so is a row of the
// list that does not differ any more, or that no one publishes.

#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace cloister::testing {

class PublishedDifferences {
 public:
  // Those of one table, as the list names it.
  explicit PublishedDifferences(absl::string_view table);
  // A failure for each row of the list that Check did not see.
  ~PublishedDifferences();
  PublishedDifferences(const PublishedDifferences&) = delete;
  PublishedDifferences& operator=(const PublishedDifferences&) = delete;

  // What we make of `input`, against what is published; "!" where it is refused.
  void Check(const std::string& input, const std::string& ours, const std::string& theirs);

  size_t checked() const { return checked_; }

 private:
  struct Row {
    std::string place;
    bool seen = false;
    bool differs = false;
  };

  std::string table_;
  std::map<std::string, Row> rows_;  // by input
  size_t checked_ = 0;
};

}  // namespace cloister::testing
