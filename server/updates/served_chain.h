// Remembers which packs make up the version that was last accepted of a feed, and what the signed
// metadata said about them. A delta may follow a snapshot that the metadata no longer offers; the
// packs are in the pack store, and this says what they are.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/trust/pack_target.h"

namespace cloister::server {

// Replaces the file at `path` atomically.
absl::Status SaveServedChain(const std::string& path, const std::vector<trust::PackTarget>& chain);

// Empty where there is no file, or it is damaged: a snapshot then leads on.
std::vector<trust::PackTarget> LoadServedChain(const std::string& path, absl::string_view feed);

}  // namespace cloister::server
