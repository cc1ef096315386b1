#include <CLI/CLI.hpp>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/duration.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/publish.h"

namespace cloister::publisher {
namespace {

constexpr char kRefreshFooter[] = R"(
Run it from a timer, more often than the timestamp's lifetime; it needs timestamp.pem only.
Example:
  cloister-publish refresh-timestamp --repository repo --keys keys --timestamp-expires 7d
)";

constexpr char kRenewFooter[] = R"(
Appliances follow from one root to the next by themselves. Bring the root keys for this command,
and lock them away again.
Example:
  cloister-publish renew-root --repository repo --keys /media/safe/keys --root-expires 365d
)";

}  // namespace

void AddRefreshTimestamp(CLI::App* app, Arguments* arguments) {
  CLI::App* refresh = app->add_subcommand(
      "refresh-timestamp", "Vouch again for what is published, so that it does not expire");
  refresh->footer(kRefreshFooter);
  AddRepositoryOption(refresh, arguments);
  AddKeysOptions(refresh, arguments, "Folder with timestamp.pem");
  AddLifetimeOption(refresh, "--timestamp-expires", &arguments->lifetimes.timestamp, "as at init");
  SelectCommand(refresh, arguments, RunRefreshTimestamp);
}

void AddRenewRoot(CLI::App* app, Arguments* arguments) {
  CLI::App* renew = app->add_subcommand(
      "renew-root", "Sign the root again before it expires, with the keys that it has");
  renew->footer(kRenewFooter);
  AddRepositoryOption(renew, arguments);
  AddKeysOptions(renew, arguments, "Folder with the root keys");
  AddLifetimeOption(renew, "--root-expires", &arguments->lifetimes.root, "as at init");
  SelectCommand(renew, arguments, RunRenewRoot);
}

absl::Status RunRefreshTimestamp(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<Published> published = (*repository)->Load(console.now);
  if (!published.ok()) return published.status();
  RoleSigners signers;
  absl::StatusOr<std::vector<SigningKey>> keys =
      KeyRing(arguments.keys).Load(trust::Role::kTimestamp, published->root);
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
  absl::StatusOr<Published> published = (*repository)->Load(console.now);
  if (!published.ok()) return published.status();
  absl::StatusOr<std::vector<SigningKey>> keys =
      KeyRing(arguments.keys).Load(trust::Role::kRoot, published->root);
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
