// A folder of signing keys, one PEM file each, named after the role that it signs for:
//   root.pem (or root-1.pem, root-2.pem …)  targets.pem  snapshot.pem  timestamp.pem
//
// Roles may lie in different folders: a root key belongs on a medium that is kept locked away,
// since only `init` and `renew-root` need it.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// Makes `root_keys` root keys and one for each other role, all with mode 0600, below `directory`
// (made with mode 0700 if missing). AlreadyExists, before anything is written, if one is there.
// Returns the paths written.
absl::StatusOr<std::vector<std::string>> CreateKeys(const std::string& directory,
                                                    uint32_t root_keys);

// Every key of `role` in `directory`, in the order of their file names. NotFound if there is none.
absl::StatusOr<std::vector<SigningKey>> LoadKeys(const std::string& directory, trust::Role role);

}  // namespace cloister::publisher
