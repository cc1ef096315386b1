#include "sync/publisher/cli/options.h"

#include <CLI/CLI.hpp>

#include "sync/publisher/cli/duration.h"

namespace cloister::publisher {

void AddRepositoryOption(CLI::App* app, Arguments* arguments) {
  app->add_option("--repository", arguments->repository, "Folder of the repository")
      ->type_name("FOLDER")
      ->required();
}

void AddSecretOptions(CLI::App* app, Arguments* arguments) {
  app->add_option("--passphrase-file", arguments->keys.passphrase_file,
                  "File with the passphrase of the keys (or /dev/fd/N); otherwise a systemd "
                  "credential, otherwise the terminal is asked")
      ->type_name("FILE");
  app->add_option("--pin-file", arguments->keys.pin_file, "The same for the PIN of a token")
      ->type_name("FILE");
}

void AddOptionalKeysOptions(CLI::App* app, Arguments* arguments, const std::string& help) {
  app->add_option("--keys", arguments->keys.folders, help + "; several times if wanted")
      ->type_name("FOLDER")
      ->type_size(1)
      ->allow_extra_args(false);
  app->add_option("--key", arguments->keys.single,
                  "One key more: a PEM file or a pkcs11: URI; several times if wanted")
      ->type_name("FILE|URI")
      ->type_size(1)
      ->allow_extra_args(false);
  AddSecretOptions(app, arguments);
}

void AddKeysOptions(CLI::App* app, Arguments* arguments, const std::string& help) {
  AddOptionalKeysOptions(app, arguments, help);
  app->parse_complete_callback([arguments] {
    if (!arguments->keys.folders.empty() || !arguments->keys.single.empty()) return;
    throw CLI::RequiredError("--keys or --key");
  });
}

void AddOutputOption(CLI::App* app, Arguments* arguments) {
  app->add_option_function<std::string>(
         "--output", [arguments](const std::string& text) { arguments->json = text == "json"; },
         "How to print the outcome")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
}

void AddLifetimeOption(CLI::App* app, const std::string& name,
                       std::optional<absl::Duration>* lifetime, const std::string& usual) {
  app->add_option_function<std::string>(
         name,
         [name, lifetime](const std::string& text) {
           absl::StatusOr<absl::Duration> parsed = ParseLifetime(text);
           if (!parsed.ok()) RefuseOption(name, parsed.status());
           *lifetime = *parsed;
         },
         "How long the signature is good for: 3600s, 12h, 7d …")
      ->default_str(usual);
}

std::vector<std::string> AllRoleNames() { return {"root", "targets", "snapshot", "timestamp"}; }

trust::Role RoleFromName(const std::string& name) {
  for (const trust::Role role :
       {trust::Role::kTargets, trust::Role::kSnapshot, trust::Role::kTimestamp}) {
    if (name == trust::RoleName(role)) return role;
  }
  return trust::Role::kRoot;
}

void SelectCommand(CLI::App* app, Arguments* arguments, Command run) {
  app->callback([arguments, run] { arguments->run = run; });
}

void RefuseOption(const std::string& name, const absl::Status& status) {
  throw CLI::ValidationError(name, std::string(status.message()));
}

}  // namespace cloister::publisher
