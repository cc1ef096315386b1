// The table of hosts that many share, compiled in: shared_hosts.txt says what is in it.

#pragma once

#include "absl/strings/string_view.h"

namespace cloister::publisher {

absl::string_view SharedHostsText();

}  // namespace cloister::publisher
