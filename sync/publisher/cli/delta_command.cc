#include <CLI/CLI.hpp>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/progress.h"
#include "sync/publisher/repository/extra_delta.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {
namespace {

constexpr char kDeltaFooter[] = R"(
Every version comes with a delta from the one before it, and with deltas merged over 2, 4, 8 …
versions. This makes one more, between any two versions that the repository still holds: for
customers who all stay on one version for months, say, and then move to another one together.

Without --commit the delta is only made and measured; nothing is signed and no key is needed.
What was published cannot be taken back: clients may hold it.

Examples:
  cloister-publish delta --repository repo --from 40 --to 97
  cloister-publish delta --repository repo --from 40 --to 97 --keys keys --commit
)";

void PrintDelta(const ExtraDelta& delta, const Arguments& arguments, std::ostream& out) {
  const trust::PackTarget& pack = delta.pack;
  if (arguments.json) {
    nlohmann::json json = {{"path", pack.path},
                           {"sha256", pack.sha256},
                           {"bytes", pack.bytes},
                           {"added", delta.added},
                           {"changed", delta.changed},
                           {"removed", delta.removed},
                           {"bytes_without_it", delta.chain_bytes},
                           {"published", arguments.commit}};
    if (arguments.commit) json["expires"] = MetadataTime(delta.expires);
    out << json.dump(2) << "\n";
    return;
  }
  out << (arguments.commit ? "Published " : "Would publish ") << pack.path << ": " << pack.bytes
      << " bytes; " << delta.added << " entries added, " << delta.changed << " changed, "
      << delta.removed << " removed\n"
      << "  without it, a client at version " << pack.from_version << " fetches "
      << delta.chain_bytes << " bytes to get to version " << pack.to_version << "\n";
  if (arguments.commit) {
    out << "  expires " << MetadataTime(delta.expires)
        << " unless it is published or refreshed before\n";
  } else {
    out << "Nothing was changed. To publish it, give the same command with --keys and --commit.\n";
  }
}

}  // namespace

void AddDelta(CLI::App* app, Arguments* arguments) {
  CLI::App* delta =
      app->add_subcommand("delta", "Offer one more delta, between two versions that are held");
  delta->footer(kDeltaFooter);
  AddRepositoryOption(delta, arguments);
  AddOptionalKeysOptions(delta, arguments,
                         "Folder with targets.pem, snapshot.pem and timestamp.pem");
  delta->add_option("--from", arguments->from_version, "Version that it starts from")->required();
  delta->add_option("--to", arguments->to_version, "Version that it leads to")->required();
  delta->add_flag("--commit", arguments->commit, "Publish it, rather than say what it would be");
  AddLifetimeOption(delta, "--targets-expires", &arguments->lifetimes.targets, "as at init");
  AddLifetimeOption(delta, "--snapshot-expires", &arguments->lifetimes.snapshot, "as at init");
  AddLifetimeOption(delta, "--timestamp-expires", &arguments->lifetimes.timestamp, "as at init");
  AddOutputOption(delta, arguments);
  SelectCommand(delta, arguments, RunDelta);
}

absl::Status RunDelta(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<Published> published = (*repository)->Load(console.now);
  if (!published.ok()) return published.status();
  RoleSigners signers;
  if (arguments.commit) {
    absl::StatusOr<RoleSigners> loaded = KeyRing(arguments.keys).LoadSigners(published->root);
    if (!loaded.ok()) return loaded.status();
    signers = *std::move(loaded);
  }

  PublishOptions options;
  options.now = console.now;
  options.lifetimes = Combine((*repository)->settings().lifetimes, arguments.lifetimes);
  absl::StatusOr<ExtraDelta> delta;
  {
    Progress progress(console.err, console.err_is_terminal);
    progress.Begin("comparing the versions");
    options.progress = [&progress](uint64_t entries) { progress.Tell(entries, "entries"); };
    delta = BuildExtraDelta(**repository, *published,
                            {arguments.from_version, arguments.to_version}, options);
  }
  if (delta.ok() && arguments.commit) {
    delta = OfferExtraDelta(**repository, *published, *delta, signers, options);
  }
  if (!delta.ok()) return delta.status();
  PrintDelta(*delta, arguments, console.out);
  return absl::OkStatus();
}

}  // namespace cloister::publisher
