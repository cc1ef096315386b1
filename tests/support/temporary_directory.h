// A directory of a test's own.

#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cloister::testing {

// Created empty under $TMPDIR (or /tmp), removed with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  // path() + "/" + name.
  std::string operator/(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace cloister::testing
