// The part of a publication's file that says what guards stop: [guards].

#pragma once

#include "server/toml/toml_table.h"
#include "sync/publisher/guards/import_guard.h"

namespace cloister::publisher {

// Mistakes are noted in `table`.
GuardOptions ReadGuards(const config::TomlTable& table);

}  // namespace cloister::publisher
