// The command `cloister`.

#include <iostream>

#include "client-sdk/cli/commands.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const cloister::cli::Terminal terminal{&std::cout, cloister::cli::WantsColours()};
  cloister::cli::Session session(&std::cin, terminal, &std::cerr);
  const int code = cloister::cli::Run(argc, argv, &session);
  std::cout.flush();
  return code;
}
