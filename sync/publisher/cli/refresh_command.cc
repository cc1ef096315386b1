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

}  // namespace cloister::publisher
