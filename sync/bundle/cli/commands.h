// One function a command of cloister-bundle. Each prints its outcome to `console` and returns the
// exit code, or what went wrong.

#pragma once

#include <ostream>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/bundle/cli/arguments.h"

namespace cloister::bundle {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;  // progress is shown there
  absl::Time now;                // when the program was started
};

absl::StatusOr<int> RunCreate(const Arguments& arguments, const Console& console);
absl::StatusOr<int> RunInspect(const Arguments& arguments, const Console& console);
absl::StatusOr<int> RunVerify(const Arguments& arguments, const Console& console);
absl::StatusOr<int> RunDiff(const Arguments& arguments, const Console& console);

}  // namespace cloister::bundle
