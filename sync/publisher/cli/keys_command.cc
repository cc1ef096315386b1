#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/signing/key_directory.h"
#include "sync/publisher/signing/public_key_pem.h"

namespace cloister::publisher {
namespace {

using trust::Role;

constexpr char kCreateFooter[] = R"(
Keys are encrypted with a passphrase, which is asked for on the terminal, twice. A publisher that
runs unattended needs snapshot and timestamp keys without one (--unencrypted snapshot,timestamp),
or a passphrase from a file (--passphrase-file) or a systemd credential named "passphrase" or, for
one key, "timestamp.passphrase". Root keys are always encrypted.

Beside each key lies its public half (.pub.pem), which may be shown to anybody. A token's key is
named by a file such as targets.pkcs11 that holds its pkcs11: URI.

Examples, a whole set, and one root key on the medium of the person who holds it:
  cloister-publish keys create --out keys --unencrypted snapshot,timestamp
  cloister-publish keys create --out /media/alice --role root --name alice
)";

constexpr char kShowFooter[] = R"(
Examples:
  cloister-publish keys show --key /media/alice/root-alice.pem
  cloister-publish keys show --public-out root-hsm.pub.pem \
      --key 'pkcs11:token=ceremony;object=root-1?module-path=/usr/lib/softhsm/libsofthsm2.so'
)";

const std::map<std::string, KeyAlgorithm> kAlgorithms = {{"ed25519", KeyAlgorithm::kEd25519},
                                                         {"ecdsa-p256", KeyAlgorithm::kEcdsaP256}};

void AddCreate(CLI::App* keys, Arguments* arguments) {
  CreateKeysOptions& options = arguments->create;
  CLI::App* create = keys->add_subcommand("create", "Make keys: encrypted PEM files, mode 0600");
  create->footer(kCreateFooter);
  create->add_option("--out", arguments->out, "Folder to write them to; made if missing")
      ->type_name("FOLDER")
      ->required();
  create
      ->add_option_function<std::vector<std::string>>(
          "--role",
          [&options](const std::vector<std::string>& names) {
            options.roles.clear();
            for (const std::string& name : names) options.roles.push_back(RoleFromName(name));
          },
          "Roles to make keys for, comma between them; all four if not given")
      ->delimiter(',')
      ->check(CLI::IsMember(AllRoleNames()));
  create->add_option("--root-keys", options.root_keys, "How many root keys, 1 to 16")
      ->capture_default_str()
      ->check(CLI::Range(1, 16));
  create->add_option("--name", options.name, "Name of the key in its file name: root-NAME.pem");
  create
      ->add_option_function<std::string>(
          "--algorithm",
          [&options](const std::string& name) { options.algorithm = kAlgorithms.at(name); },
          "Kind of keys")
      ->check(CLI::IsMember({"ed25519", "ecdsa-p256"}))
      ->default_str("ed25519");
  create
      ->add_option_function<std::vector<std::string>>(
          "--unencrypted",
          [&options](const std::vector<std::string>& names) {
            for (const std::string& name : names) options.unencrypted.insert(RoleFromName(name));
          },
          "Roles whose keys get no passphrase: targets, snapshot, timestamp; whoever reads such "
          "a file can sign")
      ->delimiter(',')
      ->check(CLI::IsMember({"targets", "snapshot", "timestamp"}));
  AddSecretOptions(create, arguments);
  SelectCommand(create, arguments, RunKeysCreate);
}

void AddShow(CLI::App* keys, Arguments* arguments) {
  CLI::App* show = keys->add_subcommand("show", "Show a key's id, or write its public half");
  show->footer(kShowFooter);
  CLI::Option_group* which = show->add_option_group("Which key");
  which->add_option("--key", arguments->keys.single, "A PEM file or a pkcs11: URI")
      ->type_name("FILE|URI")
      ->expected(1);
  which
      ->add_option("--public-key", arguments->root_change.public_keys,
                   "A PEM file with the public half alone")
      ->type_name("FILE")
      ->expected(1);
  which->require_option(1);
  show->add_option("--public-out", arguments->out, "File to write the public half to")
      ->type_name("FILE");
  AddSecretOptions(show, arguments);
  AddOutputOption(show, arguments);
  SelectCommand(show, arguments, RunKeysShow);
}

absl::Status WritePublicHalf(const SigningKey& key, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> pem = key.PublicPem();
  if (!pem.ok()) return pem.status();
  return storage::WriteFileAtomically(path, *pem, 0644);
}

}  // namespace

void AddKeysCommands(CLI::App* app, Arguments* arguments) {
  CLI::App* keys = app->add_subcommand("keys", "Make signing keys, and change which ones count");
  keys->require_subcommand(1);
  AddCreate(keys, arguments);
  AddShow(keys, arguments);
  AddRootChangeCommands(keys, arguments);
}

absl::Status RunKeysCreate(const Arguments& arguments, const Console& console) {
  CreateKeysOptions options = arguments.create;
  options.secrets = SecretsFor(arguments.keys);
  absl::StatusOr<std::vector<MadeKey>> made = CreateKeys(arguments.out, options);
  if (!made.ok()) return made.status();
  for (const MadeKey& key : *made) {
    console.out << key.path << (key.encrypted ? "" : "  (not encrypted)") << "\n";
  }
  console.out << "Keep root keys where this machine cannot read them: only init and changes of the "
                 "root need them.\n";
  return absl::OkStatus();
}

absl::Status RunKeysShow(const Arguments& arguments, const Console& console) {
  trust::PublicKey half;
  if (arguments.keys.single.empty()) {
    absl::StatusOr<trust::PublicKey> read =
        ReadPublicKey(arguments.root_change.public_keys.front());
    if (!read.ok()) return read.status();
    half = *std::move(read);
  } else {
    absl::StatusOr<SigningKey> key =
        SigningKey::Open(arguments.keys.single.front(), SecretsFor(arguments.keys));
    if (!key.ok()) return key.status();
    half = key->public_key();
    if (absl::Status written = WritePublicHalf(*key, arguments.out); !written.ok()) return written;
  }
  if (arguments.json) {
    const nlohmann::json value = {
        {"key_id", trust::KeyId(half)}, {"scheme", half.scheme}, {"public", half.public_value}};
    console.out << value.dump(2) << "\n";
  } else {
    console.out << "key id " << trust::KeyId(half) << "\nscheme " << half.scheme << "\n";
  }
  return absl::OkStatus();
}

}  // namespace cloister::publisher
