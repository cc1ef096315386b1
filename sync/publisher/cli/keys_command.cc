#include <CLI/CLI.hpp>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/signing/key_directory.h"

namespace cloister::publisher {
namespace {

constexpr char kKeysFooter[] = R"(
Keep root keys apart from the others: only 'init' and 'renew-root' need them.
Example, two of three people needed for the root:
  cloister-publish keys create --out keys --root-keys 3
  cloister-publish init --repository repo --keys keys --feed threats --threshold 2
)";

}  // namespace

void AddKeysCommands(CLI::App* app, Arguments* arguments) {
  CLI::App* keys = app->add_subcommand("keys", "Make signing keys");
  keys->require_subcommand(1);
  CLI::App* create = keys->add_subcommand(
      "create", "Make root, targets, snapshot and timestamp keys (Ed25519, PEM, mode 0600)");
  create->footer(kKeysFooter);
  create->add_option("--out", arguments->keys, "Folder to write them to; made if missing")
      ->required();
  create->add_option("--root-keys", arguments->root_keys, "How many root keys, 1 to 16")
      ->capture_default_str()
      ->check(CLI::Range(1, 16));
  SelectCommand(create, arguments, RunKeysCreate);
}

absl::Status RunKeysCreate(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::vector<std::string>> paths = CreateKeys(arguments.keys, arguments.root_keys);
  if (!paths.ok()) return paths.status();
  for (const std::string& path : *paths) console.out << path << "\n";
  console.out
      << "Keep the root key where this machine cannot read it: only init and renew-root need it.\n";
  return absl::OkStatus();
}

}  // namespace cloister::publisher
