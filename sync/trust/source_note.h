// Source notes as targets metadata carry them.

#pragma once

#include "reputation/source_note.h"

namespace cloister::trust {

using reputation::Redistribution;
using reputation::SourceNote;

}  // namespace cloister::trust
