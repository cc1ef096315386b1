// A real cloisterd on a port that the kernel chose, with certificates and a feed of its own.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "cloister/v1/reputation.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::testing {

class ServerFixture : public ::testing::Test {
 protected:
  static constexpr absl::Duration kPatience = absl::Seconds(30);

  // The configuration's pieces; a test changes them before Start.
  std::string listen_ = "address = \"127.0.0.1:0\"\n";
  std::string metrics_;  // address; empty: off
  std::string updates_;  // more names of [updates]
  std::string more_;     // appended; begins in the [[feed]] "threats"

  // Path of the configuration, written anew.
  std::string WriteConfiguration();
  // Starts cloisterd and waits until it serves.
  void Start();
  // Ends it with SIGTERM and expects exit code 0.
  void Stop();
  // Runs cloisterd to its end.
  ProcessResult RunToEnd(const std::vector<std::string>& arguments = {});

  // Hands the feed over and waits until the server says that it took it, or why not.
  void HandOverAndExpectTaken();
  void ExpectRefused(const std::string& reason);
  // Publishes and serves the sample listings that most tests ask about.
  void ServeSamples();

  std::string GrpcAddress() const;
  std::string MetricsAddress() const;
  std::shared_ptr<grpc::Channel> ChannelFor(const CertificateFiles& client) const;
  std::unique_ptr<v1::ReputationService::Stub> Gateway() const;
  std::unique_ptr<v1::AdminService::Stub> Operator() const;

  // One call of ReputationService.Lookup as the gateway.
  grpc::Status Lookup(v1::ObjectKind kind, const std::string& text, v1::LookupResponse* response,
                      v1::LookupContext met = v1::LOOKUP_CONTEXT_UNSPECIFIED) const;
  v1::LookupResponse LookupOrFail(v1::ObjectKind kind, const std::string& text,
                                  v1::LookupContext met = v1::LOOKUP_CONTEXT_UNSPECIFIED) const;

  TemporaryDirectory directory_;
  TestCertificates certificates_{directory_.path()};
  SpooledFeed feed_{directory_ / "spool", directory_.path(), "threats", absl::Now()};
  std::unique_ptr<Process> server_;
};

// A context whose deadline every test keeps.
std::unique_ptr<grpc::ClientContext> CallContext(absl::Duration timeout = absl::Seconds(20));

// grpc.health.v1.Health/Check: the number of the status (1 SERVING, 2 NOT_SERVING), or the error.
absl::StatusOr<int> CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& service);

// The body of GET http://<address>/metrics.
std::string FetchMetrics(const std::string& address);

}  // namespace cloister::testing
