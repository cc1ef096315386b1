// Real data and published vectors that are not part of the project: a folder beside the checkout,
// or wherever CLOISTER_SHARED points.

#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cloister::testing {

// Path of shared/<name>, such as "vectors/psl/tests/test_psl.txt"; nothing if it is not there.
// Tests that need it then skip, with SharedDataHint() as the message.
std::optional<std::string> SharedData(absl::string_view name);

std::string SharedDataHint(absl::string_view name);

}  // namespace cloister::testing
