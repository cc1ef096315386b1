// Runs the real `cloister` command against a server that answers what the test tells it to.

#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/process.h"
#include "tests/unit/client-sdk/scripted_server.h"

namespace cloister::testing {

class CliTest : public ::testing::Test {
 protected:
  static ProcessResult RunWith(std::vector<std::string> environment, std::vector<std::string> argv,
                               const std::string& input = "") {
    argv.insert(argv.begin(), ProgramPath("cloister"));
    // What the tester's own shell says does not count.
    for (const char* name : {"SERVER=", "CA=", "CERTIFICATE=", "KEY=", "SERVER_NAME="}) {
      const std::string variable = absl::StrCat("CLOISTER_", name);
      const bool given =
          std::any_of(environment.begin(), environment.end(),
                      [&](const std::string& entry) { return absl::StartsWith(entry, variable); });
      if (!given) environment.push_back(variable);
    }
    auto result = RunProcess(
        {.argv = std::move(argv), .environment = std::move(environment), .input = input});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ProcessResult{-1, "", ""};
  }

  ProcessResult Run(std::vector<std::string> argv, const std::string& input = "") const {
    std::vector<std::string> all = {"--plaintext", "--server", server_.target()};
    all.insert(all.end(), argv.begin(), argv.end());
    return RunWith({}, all, input);
  }

  ScriptedServer server_;
};

}  // namespace cloister::testing
