#include "deploy/describe/programs.h"

#include "client-sdk/cli/commands.h"
#include "server/daemon/command_line.h"
#include "sync/bundle/cli/arguments.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/worker/command_line.h"

namespace cloister::describe {

std::vector<Program> AllPrograms() {
  return {{Describe(*cli::DescribeCommandLine()), 1},
          {Describe(*publisher::DescribeCommandLine()), 1},
          {Describe(*bundle::DescribeCommandLine()), 1},
          {Describe(*server::DescribeCommandLine()), 8},
          {Describe(*worker::DescribeCommandLine()), 8}};
}

}  // namespace cloister::describe
