// How the import of a list is told: to people and to programs.

#pragma once

#include <string>

#include "client-sdk/cli/json_text.h"
#include "client-sdk/cli/override_list.h"
#include "cloister/v1/admin.pb.h"

namespace cloister::cli {

std::string TextOf(const ListReport& report, const v1::ImportOverridesResponse& response,
                   bool dry_run);

// {"source", "lines", "accepted", "rejected", "left_out", "dry_run", "set", "refused", "refusals",
// "generation"}; rejected and left_out by reason, with count and examples.
Json JsonOf(const ListReport& report, const v1::ImportOverridesResponse& response, bool dry_run);

}  // namespace cloister::cli
