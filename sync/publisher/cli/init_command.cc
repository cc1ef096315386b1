#include <CLI/CLI.hpp>
#include <utility>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

Lifetimes Combine(const Lifetimes& usual, const StatedLifetimes& stated) {
  return {.root = stated.root.value_or(usual.root),
          .targets = stated.targets.value_or(usual.targets),
          .snapshot = stated.snapshot.value_or(usual.snapshot),
          .timestamp = stated.timestamp.value_or(usual.timestamp)};
}

void AddInit(CLI::App* app, Arguments* arguments) {
  CLI::App* init = app->add_subcommand("init", "Start the repository of a feed");
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
  KeyRing ring(arguments.keys);
  for (trust::Role role : {trust::Role::kRoot, trust::Role::kTargets, trust::Role::kSnapshot,
                           trust::Role::kTimestamp}) {
    absl::StatusOr<std::vector<SigningKey>> keys = ring.Load(role, trust::Root());
    if (!keys.ok()) return keys.status();
    options.keys[role] = *std::move(keys);
  }
  absl::Status made = Repository::Init(arguments.repository, options);
  if (!made.ok()) return made;
  console.out << "The repository of feed \"" << arguments.feed << "\" is in "
              << arguments.repository << ".\nGive " << arguments.repository
              << "/metadata/1.root.json to the appliances by a way that you trust.\n";
  return absl::OkStatus();
}

}  // namespace cloister::publisher
