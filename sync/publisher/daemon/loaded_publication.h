// A publication with all that it takes to build it.

#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sync/publisher/daemon/daemon.h"
#include "sync/publisher/publication/publication.h"
#include "sync/publisher/repository/publish.h"

namespace cloister::publisher {

// Immutable once it is made.
struct LoadedPublication {
  Publication publication;
  std::string feed;    // of its repository
  std::string digest;  // SHA-256 of its file, in hexadecimal
  RoleSigners signers;
};

// Takes the signers of `before` (null: none) where the keys are the same; otherwise `unlock` opens
// them. Logs what is wrong with the modes of header files.
absl::StatusOr<std::unique_ptr<LoadedPublication>> LoadPublication(const std::string& file,
                                                                   const UnlockKeys& unlock,
                                                                   const LoadedPublication* before);

// Changes when a file that the guards read does; "" if they read none.
std::string GuardFingerprint(const GuardOptions& guards);

}  // namespace cloister::publisher
