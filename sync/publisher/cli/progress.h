// Tells a person at a terminal how far a long build has come.

#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/publisher/publication/build.h"

namespace cloister::publisher {

// One line that replaces itself, from two seconds after the start on, at most four times a second;
// nothing at all where nobody looks. Not thread-safe.
class Progress : public BuildProgress {
 public:
  Progress(std::ostream& out, bool is_terminal);
  ~Progress() override;

  void Begin(absl::string_view what) override { what_ = std::string(what); }
  void Tell(uint64_t count, uint64_t total, absl::string_view unit) override;
  void Tell(uint64_t count, absl::string_view unit) { Tell(count, 0, unit); }
  // Takes the line away, so that something else can be printed.
  void Clear();

 private:
  std::ostream& out_;
  const bool is_terminal_;
  absl::Time next_;
  bool shown_ = false;
  std::string what_;
};

}  // namespace cloister::publisher
