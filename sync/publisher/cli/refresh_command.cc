#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/duration.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/signing/key_directory.h"

namespace cloister::publisher {

absl::Status RunRefreshTimestamp(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  RoleSigners signers;
  absl::StatusOr<std::vector<SigningKey>> keys = LoadKeys(arguments.keys, trust::Role::kTimestamp);
  if (!keys.ok()) return keys.status();
  signers.timestamp = *std::move(keys);

  PublishOptions options;
  options.now = console.now;
  options.lifetimes = Combine((*repository)->settings().lifetimes, arguments.lifetimes);
  absl::StatusOr<RefreshResult> result = RefreshTimestamp(**repository, signers, options);
  if (!result.ok()) return result.status();
  console.out << "Vouched again for version " << result->version << ", until "
              << MetadataTime(result->expires) << ".\n";
  if (result->publish_before < result->expires) {
    console.err << "warning: the signatures of snapshot and targets lapse before that, at "
                << MetadataTime(result->publish_before) << ": run publish before\n";
  }
  return absl::OkStatus();
}

absl::Status RunRenewRoot(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<std::vector<SigningKey>> keys = LoadKeys(arguments.keys, trust::Role::kRoot);
  if (!keys.ok()) return keys.status();
  PublishOptions options;
  options.now = console.now;
  options.lifetimes = Combine((*repository)->settings().lifetimes, arguments.lifetimes);
  absl::StatusOr<absl::Time> expires = RenewRoot(**repository, *keys, options);
  if (!expires.ok()) return expires.status();
  console.out << "The root is good until " << MetadataTime(*expires) << ".\n";
  return absl::OkStatus();
}

}  // namespace cloister::publisher
