// What every command that changes the root does: stage the change, have it signed, put it in force.

#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/repository/staged_root.h"

namespace cloister::publisher {

using RootEdit = std::function<absl::Status(trust::Root*)>;

// Applies `edit` to the change that waits for signatures already, or else to the root in force;
// signs with the root keys that were given; prints the plan. Then, as the arguments say, puts it in
// force (--commit), leaves it in the repository for others to sign (--stage), or changes nothing.
absl::Status ChangeRoot(const Arguments& arguments, const Console& console, const RootEdit& edit);

// Reads a staged root. NotFound, saying how one is made.
absl::StatusOr<StagedRoot> ReadStaged(const std::string& path);
absl::Status WriteStaged(const StagedRoot& staged, const std::string& path);

// Puts `staged` in force, with the keys that were given for roles that need new signatures, or, if
// not `commit`, says what would be done.
absl::Status PutInForce(Repository& repository, const StagedRoot& staged,
                        const Arguments& arguments, const Console& console, bool commit);

}  // namespace cloister::publisher
