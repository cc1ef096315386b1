// Hosts that many share: shared_hosts.txt, which is compiled in, says which and why.

#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reputation/protection/protected_set.h"

namespace cloister::reputation {

// Calls `visit` for each: "file host", "www.dropbox.com". An error ends it and is returned.
using SharedHostVisitor =
    std::function<absl::Status(absl::string_view kind, absl::string_view name)>;
absl::Status ForEachSharedHost(const SharedHostVisitor& visit);

// Adds all, each under a source of its kind: "shared host (file host) ".
absl::Status AddSharedHosts(ProtectedSet* set);

}  // namespace cloister::reputation
