// Reads one [[feed]] of the configuration.

#pragma once

#include <set>
#include <string>

#include "server/toml/toml_table.h"
#include "sync/worker/configuration.h"

namespace cloister::worker {

// Notes mistakes in `table`. `names` are those of the feeds before, and takes this one's.
FeedConfiguration ReadFeed(const config::TomlTable& table, std::set<std::string>* names);

}  // namespace cloister::worker
