// The four roles of a repository, as `status` shows them: who may sign, and for how long what they
// signed is good.

#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

void PrintRoles(const Published& published, absl::Time now, std::ostream& out);
// By the role's name.
nlohmann::json RolesJson(const Published& published, absl::Time now);

// What has to be done soon: a role of whose lifetime less than a quarter is left, or that expired.
std::vector<std::string> ExpiryWarnings(const Published& published, const Lifetimes& lifetimes,
                                        absl::Time now);

}  // namespace cloister::publisher
