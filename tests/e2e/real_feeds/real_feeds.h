// The real feeds of the shared data folder: how a publication reads each, and what each of them
// says, read a second time by an expression that knows nothing of the readers.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cloister/object.h"

namespace cloister::testing {

// Objects that a feed lists in so many words. The expressions match entries that are beyond doubt
// only: entries that a reader may refuse with reason are left out of them.
struct StatedObjects {
  const char* files;       // below the data folder; '*' and '?' as in a shell
  const char* expression;  // RE2, multi-line; its group is the object
  ObjectKind kind;
  Verdict verdict = Verdict::kMalicious;
  const char* before = nullptr;  // only what stands before this text counts
};

struct RealFeed {
  const char* name;    // of the feed and of the test
  const char* format;  // cloister-publish's
  const char* path;    // below the data folder; what [[source]] says
  // More lines of [[source]].
  const char* settings = "";
  std::vector<StatedObjects> stated;
  uint64_t at_least = 0;  // different objects that the expressions find
};

const std::vector<RealFeed>& RealFeeds();

}  // namespace cloister::testing
