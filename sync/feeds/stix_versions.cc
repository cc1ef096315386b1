#include "sync/feeds/stix_versions.h"

#include <algorithm>
#include <optional>

#include "absl/hash/hash.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/threat_words.h"

namespace cloister::feeds {
namespace {

uint64_t HashOf(absl::string_view id) { return absl::Hash<absl::string_view>()(id); }

// Objects of STIX 2.0 and 2.1 state it always.
std::optional<absl::Time> Modified(const nlohmann::json& object) {
  return TimeOfText(JsonText(object, "modified"));
}

}  // namespace

void StixVersions::See(const nlohmann::json& object) {
  const absl::string_view id = JsonText(object, "id");
  const std::optional<absl::Time> modified = Modified(object);
  if (id.empty() || !modified.has_value()) return;
  const auto found = newest_.find(HashOf(id));
  if (found != newest_.end()) {
    found->second = std::max(found->second, *modified);
  } else if (newest_.size() < kMaxObjects) {
    newest_.emplace(HashOf(id), *modified);
  }
}

bool StixVersions::IsSuperseded(const nlohmann::json& object) const {
  const std::optional<absl::Time> modified = Modified(object);
  if (!modified.has_value()) return false;
  const auto found = newest_.find(HashOf(JsonText(object, "id")));
  return found != newest_.end() && *modified < found->second;
}

}  // namespace cloister::feeds
