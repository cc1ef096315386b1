// The command `cloister`.

#include <google/protobuf/stubs/logging.h>

#include <cstdlib>
#include <iostream>

#include "client-sdk/cli/commands.h"

int main(int argc, char** argv) {
  // Failures are reported once, in words that say what to do; the libraries' own lines add nothing.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  google::protobuf::SetLogHandler(nullptr);
  std::ios::sync_with_stdio(false);
  const cloister::cli::Terminal terminal{&std::cout, cloister::cli::WantsColours()};
  cloister::cli::Session session(&std::cin, terminal, &std::cerr);
  const int code = cloister::cli::Run(argc, argv, &session);
  std::cout.flush();
  return code;
}
