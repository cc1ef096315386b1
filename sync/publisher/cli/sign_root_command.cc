#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "storage/files/files.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/root_change.h"
#include "sync/publisher/cli/root_plan.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {
namespace {

constexpr char kFooter[] = R"(
Needs neither the repository nor a network: the file tells what the root in force says, and what
the next one would. Without --key it only shows that. Read the fingerprint to the other holders
before you sign; with --expect, a file with another one is refused.

Examples:
  cloister-publish sign-root /media/usb/root-change.json
  cloister-publish sign-root /media/usb/root-change.json --key /media/alice/root-alice.pem \
      --expect '1a2b 3c4d …' --current-root my-copy-of-1.root.json
)";

std::string WithoutBlanks(const std::string& text) {
  return absl::StrReplaceAll(text, {{" ", ""}, {":", ""}, {"\n", ""}});
}

// The root in force that the file brings along has to be the one that the holder kept.
absl::Status CheckCurrent(const StagedRoot& staged, const std::string& path) {
  const trust::Limits limits;
  absl::StatusOr<std::string> bytes = storage::ReadFile(path, limits.max_root_bytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<trust::SignedFile> own = trust::ParseSigned(*bytes, trust::Role::kRoot, limits);
  if (!own.ok()) return own.status();
  absl::StatusOr<trust::SignedFile> brought =
      trust::ParseSigned(staged.current_bytes(), trust::Role::kRoot, limits);
  if (brought.ok() && brought->canonical == own->canonical) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is not the root that the staged file calls the one in force; find out ",
                   "which is newer before you sign"));
}

absl::Status CheckExpectations(const StagedRoot& staged, const Arguments& arguments) {
  const RootChangeOptions& options = arguments.root_change;
  if (!options.current_root.empty()) {
    absl::Status same = CheckCurrent(staged, options.current_root);
    if (!same.ok()) return same;
  }
  if (options.expect.empty() ||
      WithoutBlanks(options.expect) == WithoutBlanks(staged.Fingerprint())) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the file's fingerprint is ", staged.Fingerprint(),
                   ", which is not the one expected; nothing was signed"));
}

// The keys that were given: one by one, or a folder's root keys.
absl::StatusOr<std::vector<SigningKey>> GivenKeys(const StagedRoot& staged,
                                                  const Arguments& arguments) {
  std::vector<SigningKey> keys;
  const SecretSource secrets = SecretsFor(arguments.keys);
  for (const std::string& name : arguments.keys.single) {
    absl::StatusOr<SigningKey> key = SigningKey::Open(name, secrets);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  if (arguments.keys.folders.empty()) return keys;
  KeyOptions folders = arguments.keys;
  folders.single.clear();
  absl::StatusOr<std::vector<SigningKey>> more =
      KeyRing(folders).Load(trust::Role::kRoot, staged.next());
  if (!more.ok()) return more.status();
  for (SigningKey& key : *more) keys.push_back(std::move(key));
  return keys;
}

absl::Status RunSignRoot(const Arguments& arguments, const Console& console) {
  const std::string& path = arguments.root_change.staged_file;
  absl::StatusOr<StagedRoot> staged = ReadStaged(path);
  if (!staged.ok()) return staged.status();
  if (absl::Status good = CheckExpectations(*staged, arguments); !good.ok()) return good;
  absl::StatusOr<std::vector<SigningKey>> keys = GivenKeys(*staged, arguments);
  if (!keys.ok()) return keys.status();
  for (const SigningKey& key : *keys) {
    if (absl::Status signed_it = staged->Sign(key); !signed_it.ok()) return signed_it;
  }
  if (!keys->empty()) {
    if (absl::Status written = WriteStaged(*staged, path); !written.ok()) return written;
  }
  if (arguments.json) {
    console.out << PlanJson(*staged).dump(2) << "\n";
    return absl::OkStatus();
  }
  PrintPlan(*staged, console.out);
  console.out
      << (keys->empty() ? "Nothing was signed. Add --key to sign it.\n"
          : IsFullySigned(*staged)
              ? "Signed. All signatures are there: bring the file back, and run keys apply.\n"
              : "Signed. Hand the file to the next holder.\n");
  return absl::OkStatus();
}

}  // namespace

void AddSignRoot(CLI::App* app, Arguments* arguments) {
  CLI::App* sign =
      app->add_subcommand("sign-root", "Show a staged root, and sign it, away from the repository");
  sign->footer(kFooter);
  sign->add_option("FILE", arguments->root_change.staged_file, "root-change.json")
      ->type_name("FILE")
      ->required();
  AddOptionalKeysOptions(sign, arguments, "Folder with root keys");
  sign->add_option("--expect", arguments->root_change.expect,
                   "Fingerprint that the file has to have");
  sign->add_option("--current-root", arguments->root_change.current_root,
                   "Your own copy of the root in force; the file has to agree with it")
      ->type_name("FILE");
  AddOutputOption(sign, arguments);
  SelectCommand(sign, arguments, RunSignRoot);
}

}  // namespace cloister::publisher
