// The settings of a configuration that say which updates are taken, and what no feed may condemn;
// private to this folder.

#pragma once

#include "server/config/configuration.h"
#include "server/toml/toml_table.h"

namespace cloister::server {

// From the names of a [[feed]] that are about its updates.
void ReadUpdatePolicy(const config::TomlTable& table, UpdatePolicy* policy);

// From [updates].
void ReadUpdates(const config::TomlTable& table, UpdatesConfig* updates);

// From [protection].
void ReadProtection(const config::TomlTable& table, ProtectionConfig* protection);

}  // namespace cloister::server
