// The part of a publication's file that describes one source: [[source]].

#pragma once

#include <set>
#include <string>

#include "server/toml/toml_table.h"
#include "sync/publisher/publication/publication.h"

namespace cloister::publisher {

// Mistakes are noted in `table`. `names` holds those of the sources before, and takes this one's.
PublicationSource ReadSource(const config::TomlTable& table, std::set<std::string>* names);

// How a reader is told of the source's terms.
feeds::FeedOptions ReadingOptions(const PublicationSource& source);

}  // namespace cloister::publisher
