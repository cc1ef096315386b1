// The programs of Cloister.

#pragma once

#include <vector>

#include "deploy/describe/command.h"

namespace cloister::describe {

struct Program {
  Command command;  // its name is the program's
  int section = 1;  // of the manual
};

std::vector<Program> AllPrograms();

}  // namespace cloister::describe
