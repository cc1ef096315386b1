// Overrides as rows of Cloister's own CSV (docs/feeds.md, format csv), which import reads back.

#pragma once

#include <string>

#include "cloister/v1/admin.pb.h"

namespace cloister::cli {

// Names the columns; ends with a newline.
std::string OverrideCsvHeader();

// One override. Who set it and why stand in the column "source", which no reader looks at.
std::string OverrideCsvRow(const v1::Override& one);

}  // namespace cloister::cli
