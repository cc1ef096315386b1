// The client library and the command `cloister` beside a real cloisterd, with certificates.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloister/client.h"
#include "gtest/gtest.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {

class ClientWithCloisterdTest : public ServerFixture {
 protected:
  void SetUp() override {
    Start();
    ServeSamples();
  }

  std::unique_ptr<Client> NewClient() const {
    ClientOptions options;
    options.servers = {GrpcAddress()};
    options.tls = {certificates_.authority.certificate(), certificates_.gateway.certificate,
                   certificates_.gateway.key, ""};
    options.default_deadline = std::chrono::seconds(20);
    std::string error;
    auto client = Client::Create(options, &error);
    EXPECT_NE(client, nullptr) << error;
    return client;
  }

  ProcessResult RunAs(const CertificateFiles& files, std::vector<std::string> argv,
                      const std::string& input = "") const {
    argv.insert(argv.begin(), ProgramPath("cloister"));
    auto result = RunProcess(
        {.argv = std::move(argv),
         .environment = {"CLOISTER_SERVER=" + GrpcAddress(),
                         "CLOISTER_CA=" + certificates_.authority.certificate(),
                         "CLOISTER_CERTIFICATE=" + files.certificate, "CLOISTER_KEY=" + files.key},
         .input = input});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ProcessResult{-1, "", ""};
  }

  ProcessResult Run(const std::vector<std::string>& argv, const std::string& input = "") const {
    return RunAs(certificates_.operator_, argv, input);
  }
};

}  // namespace cloister::testing
