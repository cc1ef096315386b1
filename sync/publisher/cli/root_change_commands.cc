#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/root_change.h"
#include "sync/publisher/cli/root_plan.h"
#include "sync/publisher/repository/root_edit.h"
#include "sync/publisher/signing/public_key_pem.h"

namespace cloister::publisher {
namespace {

constexpr char kAddFooter[] = R"(
Without --stage or --commit the plan is shown, and nothing changes.

Examples, a fourth holder of a root key, and two signatures where it was one:
  cloister-publish keys add --repository repo --role root --public-key root-dave.pub.pem --stage
  cloister-publish keys threshold --repository repo --role root --threshold 2 --stage
Then every holder runs sign-root on repo/root-change.json, and at last:
  cloister-publish keys apply --repository repo --keys keys --commit
)";

constexpr char kRotateFooter[] = R"(
The new keys sign what is published together with the new root, so that no client sees a gap:
give old and new keys of the role, and the keys of what names its file (timestamp; for targets,
snapshot and timestamp).

Example, a new timestamp key, root key at hand:
  cloister-publish keys create --out new --role timestamp --unencrypted timestamp
  cloister-publish keys rotate --repository repo --role timestamp \
      --public-key new/timestamp.pub.pem --keys /media/safe --keys keys --keys new --commit
)";

constexpr char kRevokeFooter[] = R"(
For a key that somebody else may have. docs/key-ceremony.md says what to do for each role; where
versions may have been raised with a stolen key, its replacement lets clients forget them.

Example:
  cloister-publish keys revoke --repository repo --role root --key-id 0a1b2c3d --stage
)";

constexpr char kRenewFooter[] = R"(
Appliances follow from one root to the next by themselves. Bring the root keys for this command,
and lock them away again.

Example:
  cloister-publish renew-root --repository repo --keys /media/safe --root-expires 365d --commit
)";

constexpr char kApplyFooter[] = R"(
Checks the signatures as clients do, and shows what would be written; --commit writes it. If it
breaks off, run it again.

Example:
  cloister-publish keys apply --repository repo --keys keys --commit
)";

absl::StatusOr<std::vector<trust::PublicKey>> ReadPublicKeys(const Arguments& arguments) {
  std::vector<trust::PublicKey> keys;
  for (const std::string& path : arguments.root_change.public_keys) {
    absl::StatusOr<trust::PublicKey> key = ReadPublicKey(path);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

absl::Status AddAll(const Arguments& arguments, trust::Root* root) {
  absl::StatusOr<std::vector<trust::PublicKey>> keys = ReadPublicKeys(arguments);
  if (!keys.ok()) return keys.status();
  for (const trust::PublicKey& key : *keys) {
    if (absl::Status s = AddRoleKey(root, arguments.root_change.role, key); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RemoveAll(const Arguments& arguments, trust::Root* root) {
  std::vector<std::string> ids = arguments.root_change.key_ids;
  if (ids.empty()) ids.push_back("");
  for (const std::string& id : ids) {
    absl::StatusOr<std::string> removed = RemoveRoleKey(root, arguments.root_change.role, id);
    if (!removed.ok()) return removed.status();
  }
  return absl::OkStatus();
}

absl::Status SetThreshold(const Arguments& arguments, trust::Root* root) {
  if (arguments.root_change.threshold.has_value()) {
    root->roles[arguments.root_change.role].threshold = *arguments.root_change.threshold;
  }
  return absl::OkStatus();
}

absl::Status RunAdd(const Arguments& arguments, const Console& console) {
  return ChangeRoot(arguments, console, [&arguments](trust::Root* root) {
    absl::Status added = AddAll(arguments, root);
    return added.ok() ? SetThreshold(arguments, root) : added;
  });
}

// Rotation and revocation differ in what has to be given, and why they are done.
absl::Status RunReplace(const Arguments& arguments, const Console& console) {
  return ChangeRoot(arguments, console, [&arguments](trust::Root* root) {
    absl::Status changed = RemoveAll(arguments, root);
    if (changed.ok()) changed = AddAll(arguments, root);
    return changed.ok() ? SetThreshold(arguments, root) : changed;
  });
}

absl::Status RunThreshold(const Arguments& arguments, const Console& console) {
  return ChangeRoot(arguments, console,
                    [&arguments](trust::Root* root) { return SetThreshold(arguments, root); });
}

absl::Status RunApply(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  const std::string& given = arguments.root_change.staged_file;
  absl::StatusOr<StagedRoot> staged =
      ReadStaged(given.empty() ? (*repository)->staged_root_path() : given);
  if (!staged.ok()) return staged.status();
  if (arguments.json) {
    console.out << PlanJson(*staged).dump(2) << "\n";
  } else {
    PrintPlan(*staged, console.out);
  }
  return PutInForce(**repository, *staged, arguments, console, arguments.root_change.commit);
}

absl::Status RunDiscard(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  std::error_code error;
  if (!std::filesystem::remove((*repository)->staged_root_path(), error)) {
    return absl::NotFoundError("no change of the root waits in this repository");
  }
  console.out << "The change of the root that waited is gone. Signatures that holders already gave "
                 "would still count for that very file, wherever a copy is.\n";
  return absl::OkStatus();
}

void AddRoleOption(CLI::App* app, Arguments* arguments) {
  app->add_option_function<std::string>(
         "--role",
         [arguments](const std::string& name) { arguments->root_change.role = RoleFromName(name); },
         "Whose keys change: root, targets, snapshot or timestamp")
      ->check(CLI::IsMember(AllRoleNames()))
      ->required();
}

CLI::Option* AddPublicKeyOption(CLI::App* app, Arguments* arguments) {
  return app
      ->add_option("--public-key", arguments->root_change.public_keys,
                   "PEM file with the public half of a key to add; several times if wanted")
      ->type_name("FILE")
      ->type_size(1)
      ->allow_extra_args(false);
}

CLI::Option* AddKeyIdOption(CLI::App* app, Arguments* arguments) {
  return app
      ->add_option("--key-id", arguments->root_change.key_ids,
                   "Key to remove: its id, 8 digits at least; several times if wanted")
      ->type_size(1)
      ->allow_extra_args(false);
}

CLI::Option* AddThresholdOption(CLI::App* app, Arguments* arguments) {
  return app->add_option("--threshold", arguments->root_change.threshold,
                         "Signatures of the role that count as enough from then on");
}

void AddOutcomeOptions(CLI::App* app, Arguments* arguments) {
  CLI::Option* stage = app->add_flag("--stage", arguments->root_change.stage,
                                     "Leave the change in the repository for others to sign");
  app->add_flag("--commit", arguments->root_change.commit,
                "Sign with the keys given, and publish: that cannot be undone")
      ->excludes(stage);
}

void AddChangeOptions(CLI::App* app, Arguments* arguments) {
  AddRepositoryOption(app, arguments);
  AddOptionalKeysOptions(app, arguments, "Folder with root keys, and with keys of the role");
  AddLifetimeOption(app, "--root-expires", &arguments->lifetimes.root, "as at init");
  AddOutcomeOptions(app, arguments);
  AddOutputOption(app, arguments);
}

}  // namespace

void AddRootChangeCommands(CLI::App* keys, Arguments* arguments) {
  CLI::App* add = keys->add_subcommand("add", "Let a key sign for a role");
  add->footer(kAddFooter);
  AddRoleOption(add, arguments);
  AddPublicKeyOption(add, arguments)->required();
  AddThresholdOption(add, arguments);
  AddChangeOptions(add, arguments);
  SelectCommand(add, arguments, RunAdd);

  CLI::App* rotate = keys->add_subcommand("rotate", "Replace a key of a role by another one");
  rotate->footer(kRotateFooter);
  AddRoleOption(rotate, arguments);
  AddPublicKeyOption(rotate, arguments)->required();
  AddKeyIdOption(rotate, arguments);
  AddThresholdOption(rotate, arguments);
  AddChangeOptions(rotate, arguments);
  SelectCommand(rotate, arguments, RunReplace);

  CLI::App* revoke = keys->add_subcommand("revoke", "Take the right to sign from a key");
  revoke->footer(kRevokeFooter);
  AddRoleOption(revoke, arguments);
  AddKeyIdOption(revoke, arguments)->required();
  AddPublicKeyOption(revoke, arguments);
  AddThresholdOption(revoke, arguments);
  AddChangeOptions(revoke, arguments);
  SelectCommand(revoke, arguments, RunReplace);

  CLI::App* threshold = keys->add_subcommand("threshold", "Ask for more or fewer signatures");
  AddRoleOption(threshold, arguments);
  AddThresholdOption(threshold, arguments)->required();
  AddChangeOptions(threshold, arguments);
  SelectCommand(threshold, arguments, RunThreshold);

  CLI::App* apply = keys->add_subcommand("apply", "Put a change of the root in force");
  apply->footer(kApplyFooter);
  AddRepositoryOption(apply, arguments);
  AddOptionalKeysOptions(apply, arguments, "Folder with keys of roles that change, old and new");
  apply
      ->add_option("--staged", arguments->root_change.staged_file,
                   "The signed file, if it is not the one in the repository")
      ->type_name("FILE");
  apply->add_flag("--commit", arguments->root_change.commit, "Publish: that cannot be undone");
  AddOutputOption(apply, arguments);
  SelectCommand(apply, arguments, RunApply);

  CLI::App* discard = keys->add_subcommand("discard", "Drop a change that waits for signatures");
  AddRepositoryOption(discard, arguments);
  SelectCommand(discard, arguments, RunDiscard);
}

void AddRenewRoot(CLI::App* app, Arguments* arguments) {
  CLI::App* renew = app->add_subcommand(
      "renew-root", "Sign the root again before it expires, with the keys that it has");
  renew->footer(kRenewFooter);
  AddChangeOptions(renew, arguments);
  SelectCommand(renew, arguments, RunRenewRoot);
}

absl::Status RunRenewRoot(const Arguments& arguments, const Console& console) {
  return ChangeRoot(arguments, console, [](trust::Root*) { return absl::OkStatus(); });
}

}  // namespace cloister::publisher
