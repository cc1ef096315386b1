// Turns the signed part of a metadata file into the file.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "sync/publisher/signing/signing_key.h"

namespace cloister::publisher {

// {"signatures": […], "signed": …} with one signature by each key over the canonical JSON of
// `signed_part` (The Update Framework 1.0, section 4.2), laid out for people to read.
absl::StatusOr<std::string> SignedFileBytes(const nlohmann::json& signed_part,
                                            const std::vector<SigningKey>& keys);

}  // namespace cloister::publisher
