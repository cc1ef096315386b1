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

// At least one listing, or why there is none. `deleted`: the object that holds the attribute is.
std::variant<std::vector<Listing>, Fault> ListingsOfMispAttribute(const nlohmann::json& attribute,
                                                                  const MispEvent& event,
                                                                  bool deleted,
                                                                  const FeedOptions& options);

// The names in a list of tags, within the bounds above.
std::vector<std::string> MispTagNames(const nlohmann::json* tags);

// A flag as MISP writes it: true, 1 or "1".
bool MispFlag(const nlohmann::json& object, const char* name);

}  // namespace cloister::feeds
