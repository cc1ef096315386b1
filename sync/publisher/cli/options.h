// Options that several commands have, so that they mean the same everywhere.

#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/publisher/cli/arguments.h"

namespace cloister::publisher {

void AddRepositoryOption(CLI::App* app, Arguments* arguments);
// --keys, --key and what unlocks them. `help` says which keys the command needs.
void AddKeysOptions(CLI::App* app, Arguments* arguments, const std::string& help);
// The same for a command that can do without.
void AddOptionalKeysOptions(CLI::App* app, Arguments* arguments, const std::string& help);
// Only what unlocks keys: --passphrase-file, --pin-file.
void AddSecretOptions(CLI::App* app, Arguments* arguments);
void AddOutputOption(CLI::App* app, Arguments* arguments);
// `usual` is what counts where the option is not given.
void AddLifetimeOption(CLI::App* app, const std::string& name,
                       std::optional<absl::Duration>* lifetime, const std::string& usual);

// "root", "targets", "snapshot", "timestamp".
std::vector<std::string> AllRoleNames();
// The role of a name out of AllRoleNames.
trust::Role RoleFromName(const std::string& name);

// Makes `run` what is done when the command `app` is given.
void SelectCommand(CLI::App* app, Arguments* arguments, Command run);

// Ends parsing: the value of option `name` is wrong for the reason that `status` gives.
[[noreturn]] void RefuseOption(const std::string& name, const absl::Status& status);

}  // namespace cloister::publisher
