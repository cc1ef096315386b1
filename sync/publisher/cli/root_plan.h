// Shows what a staged root changes, and who has to sign it.

#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "sync/publisher/repository/staged_root.h"

namespace cloister::publisher {

void PrintPlan(const StagedRoot& staged, std::ostream& out);
nlohmann::json PlanJson(const StagedRoot& staged);

// Whether the staged root has all signatures that it needs.
bool IsFullySigned(const StagedRoot& staged);

}  // namespace cloister::publisher
