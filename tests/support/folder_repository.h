// A RepositorySimulator's files as a folder, as a static file server would have them.

#pragma once

#include <string>

#include "tests/support/repository_simulator.h"

namespace cloister::testing {

// Writes metadata/ and targets/ below `path`; roots from 1 to the newest, and targets that are not
// among those missing. Files that were there stay. Aborts the test program if writing fails.
void WriteRepository(RepositorySimulator& repository, const std::string& path);

}  // namespace cloister::testing
