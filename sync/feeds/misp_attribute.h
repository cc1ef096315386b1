// What one attribute of a MISP event lists.

#pragma once

#include <string>
#include <variant>
#include <vector>

#include "nlohmann/json.hpp"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {

// What the event says of all its attributes.
struct MispEvent {
  static constexpr size_t kMaxTags = 256;
  static constexpr size_t kMaxTextBytes = 512;  // of the info, and of each tag

  std::string info;
  std::vector<std::string> tags;
};

// At least one listing, or why there is none. `object`: that holds the attribute; null if none
// does. What the object says of deletion and times holds for its attributes.
std::variant<std::vector<Listing>, Fault> ListingsOfMispAttribute(const nlohmann::json& attribute,
                                                                  const nlohmann::json* object,
                                                                  const MispEvent& event,
                                                                  const FeedOptions& options);

// The names in a list of tags, within the bounds above.
std::vector<std::string> MispTagNames(const nlohmann::json* tags);

// A flag as MISP writes it: true, 1 or "1".
bool MispFlag(const nlohmann::json& object, const char* name);

}  // namespace cloister::feeds
