// Puts a new root into force, together with the files that its keys have to sign.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/repository/staged_root.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// The bytes of the newest root's file. NotFound if there is none yet.
absl::StatusOr<std::string> NewestRootFile(const Repository& repository);

// A file below metadata/, to be written.
struct FileToPlace {
  std::string name;
  std::string bytes;
};

// What puts a root into force: files in the order in which they are written.
struct RootRelease {
  std::vector<FileToPlace> files;
  // Roles whose files are signed anew because the new root asks for other keys.
  std::vector<trust::Role> signed_again;
  // Whether clients find a valid repository after each of the writes. Not so where the old keys are
  // not there: then the new root comes before the timestamp that it asks for, and a client that
  // looks between the two writes is refused once.
  bool gapless = true;
};

// Roles whose published files the staged root would no longer accept, so that their keys have to be
// there for PlanRootRelease.
absl::StatusOr<std::vector<trust::Role>> RolesToSignAgain(const Repository& repository,
                                                          const StagedRoot& staged);

// Keys of targets, snapshot and timestamp, old and new ones.
using RoleKeyMap = std::map<trust::Role, std::vector<SigningKey>>;

// FailedPrecondition if the staged root has too few signatures, does not follow the root in force
// here, or keys are missing that its roles need. A release that broke off is planned to its end:
// whatever is in force already counts.
//
// Files that need new signatures get those of the old and the new keys, and are written before the
// root: so they hold under both. Their content, and when it was vouched for, stay as they were.
absl::StatusOr<RootRelease> PlanRootRelease(const Repository& repository, const StagedRoot& staged,
                                            const RoleKeyMap& keys, absl::Time now);

// Writes the files in their order.
absl::Status CarryOut(const Repository& repository, const RootRelease& release);

}  // namespace cloister::publisher
