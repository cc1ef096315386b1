#include <CLI/CLI.hpp>
#include <filesystem>
#include <utility>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/root_change.h"
#include "sync/publisher/cli/root_plan.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/signing/key_directory.h"

namespace cloister::publisher {
namespace {

using trust::Role;

constexpr char kFooter[] = R"(
Root keys whose holders are elsewhere are given by their public halves (root-*.pub.pem) in the
folder; the first root then waits in root-change.json for their signatures.

Example, three holders, two of whom have to sign:
  cloister-publish init --repository repo --keys keys --feed threats --threshold 2
)";

absl::Status LoadInitKeys(const Arguments& arguments, InitOptions* options) {
  KeyRing ring(arguments.keys);
  for (const Role role : {Role::kRoot, Role::kTargets, Role::kSnapshot, Role::kTimestamp}) {
    absl::StatusOr<std::vector<SigningKey>> keys = ring.LoadIfAny(role, trust::Root());
    if (!keys.ok()) return keys.status();
    options->keys[role] = *std::move(keys);
    for (const std::string& folder : arguments.keys.folders) {
      absl::StatusOr<std::vector<trust::PublicKey>> others = LoadPublicKeys(folder, role);
      if (!others.ok()) return others.status();
      std::vector<trust::PublicKey>& all = options->public_keys[role];
      all.insert(all.end(), others->begin(), others->end());
    }
  }
  return absl::OkStatus();
}

}  // namespace

Lifetimes Combine(const Lifetimes& usual, const StatedLifetimes& stated) {
  return {.root = stated.root.value_or(usual.root),
          .targets = stated.targets.value_or(usual.targets),
          .snapshot = stated.snapshot.value_or(usual.snapshot),
          .timestamp = stated.timestamp.value_or(usual.timestamp)};
}

void AddInit(CLI::App* app, Arguments* arguments) {
  CLI::App* init = app->add_subcommand("init", "Start the repository of a feed");
  init->footer(kFooter);
  AddRepositoryOption(init, arguments);
  AddKeysOptions(init, arguments,
                 "Folder with all keys; the root key can be locked away afterwards");
  init->add_option("--feed", arguments->feed, "Name: lower-case letters, digits, '-', '_'")
      ->required();
  init->add_option("--threshold", arguments->root_threshold,
                   "Signatures that a new root needs, of the root keys that there are")
      ->capture_default_str();
  AddLifetimeOption(init, "--root-expires", &arguments->lifetimes.root, "365d");
  AddLifetimeOption(init, "--targets-expires", &arguments->lifetimes.targets, "90d");
  AddLifetimeOption(init, "--snapshot-expires", &arguments->lifetimes.snapshot, "90d");
  AddLifetimeOption(init, "--timestamp-expires", &arguments->lifetimes.timestamp, "7d");
  SelectCommand(init, arguments, RunInit);
}

absl::Status RunInit(const Arguments& arguments, const Console& console) {
  InitOptions options;
  options.settings.feed = arguments.feed;
  options.settings.lifetimes = Combine(Lifetimes(), arguments.lifetimes);
  options.root_threshold = arguments.root_threshold;
  options.now = console.now;
  if (absl::Status loaded = LoadInitKeys(arguments, &options); !loaded.ok()) return loaded;
  absl::Status made = Repository::Init(arguments.repository, options);
  if (!made.ok()) return made;
  console.out << "The repository of feed \"" << arguments.feed << "\" is in "
              << arguments.repository << ".\n";
  const std::string staged = arguments.repository + "/root-change.json";
  std::error_code ignored;
  if (!std::filesystem::exists(staged, ignored)) {
    console.out << "Give " << arguments.repository
                << "/metadata/1.root.json to the appliances by a way that you trust.\n";
    return absl::OkStatus();
  }
  absl::StatusOr<StagedRoot> root = ReadStaged(staged);
  if (!root.ok()) return root.status();
  PrintPlan(*root, console.out);
  console.out << "Its first root waits for signatures in " << staged
              << ".\nNext:\n  each holder:  cloister-publish sign-root " << staged
              << " --key KEY\n  then here:    cloister-publish keys apply --repository "
              << arguments.repository << " --commit\n";
  return absl::OkStatus();
}

}  // namespace cloister::publisher
