// Changes of what a root says: which keys count for which role, and how many of them.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// Lets `key` sign for `role`. AlreadyExists if it does already. FailedPrecondition if it signs for
// another role and one of the two is root: root keys are kept apart.
absl::Status AddRoleKey(trust::Root* root, trust::Role role, const trust::PublicKey& key);

// Takes a key out of `role`; out of the root altogether where nothing else needs it. `key_id` may
// be cut short (8 digits at least), or empty where the role has one key only. NotFound;
// InvalidArgument where it is not clear which key is meant. Returns the whole id.
absl::StatusOr<std::string> RemoveRoleKey(trust::Root* root, trust::Role role,
                                          absl::string_view key_id);

// Whether clients can follow to `root`: every role has at least one key, and a threshold from 1 to
// the number of its different keys. FailedPrecondition, naming role and numbers.
absl::Status CheckSatisfiable(const trust::Root& root);

// What changes from one root to another, a line each: keys that come and go, thresholds, expiry.
// `before` may be null for a first root.
std::vector<std::string> DifferencesOf(const trust::Root* before, const trust::Root& after);

// "1a2b3c4d5e6f7a8b (ed25519)": enough of a key's id to tell it from others.
std::string ShortKey(const trust::Root& root, absl::string_view key_id);

}  // namespace cloister::publisher
