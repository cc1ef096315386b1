#include "tests/unit/client-sdk/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/process.h"

namespace cloister::testing {
namespace {

template <typename Request, typename Response>
grpc::Status Play(const Handler<Request, Response>& handler, const Request* request,
                  Response* response) {
  OrderAcrossProcesses();
  if (!handler) return {grpc::StatusCode::UNIMPLEMENTED, "the test has no handler for it"};
  const grpc::Status status = handler(*request, response);
  OrderAcrossProcesses();
  return status;
}

std::shared_ptr<grpc::ServerCredentials> CredentialsFrom(const TestCertificates* certificates) {
  if (certificates == nullptr) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = ReadTestFile(certificates->authority.certificate());
  options.pem_key_cert_pairs.push_back(
      {ReadTestFile(certificates->server.key), ReadTestFile(certificates->server.certificate)});
  return grpc::SslServerCredentials(options);
}

}  // namespace

class ScriptedServer::Reputation : public v1::ReputationService::Service {
 public:
  explicit Reputation(const ScriptedServer* script) : script_(script) {}

  grpc::Status Lookup(grpc::ServerContext*, const v1::LookupRequest* request,
                      v1::LookupResponse* response) override {
    return Play(script_->lookup, request, response);
  }
  grpc::Status BatchLookup(grpc::ServerContext*, const v1::BatchLookupRequest* request,
                           v1::BatchLookupResponse* response) override {
    return Play(script_->batch_lookup, request, response);
  }

 private:
  const ScriptedServer* const script_;
};

class ScriptedServer::Admin : public v1::AdminService::Service {
 public:
  explicit Admin(const ScriptedServer* script) : script_(script) {}

  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override {
    return Play(script_->get_status, request, response);
  }
  grpc::Status ListFeeds(grpc::ServerContext*, const v1::ListFeedsRequest* request,
                         v1::ListFeedsResponse* response) override {
    return Play(script_->list_feeds, request, response);
  }
  grpc::Status ListFeedVersions(grpc::ServerContext*, const v1::ListFeedVersionsRequest* request,
                                v1::ListFeedVersionsResponse* response) override {
    return Play(script_->list_feed_versions, request, response);
  }
  grpc::Status DiffFeedVersion(grpc::ServerContext*, const v1::DiffFeedVersionRequest* request,
                               v1::DiffFeedVersionResponse* response) override {
    return Play(script_->diff_feed_version, request, response);
  }
  grpc::Status AcceptFeedVersion(grpc::ServerContext*, const v1::AcceptFeedVersionRequest* request,
                                 v1::AcceptFeedVersionResponse* response) override {
    return Play(script_->accept_feed_version, request, response);
  }
  grpc::Status RejectFeedVersion(grpc::ServerContext*, const v1::RejectFeedVersionRequest* request,
                                 v1::RejectFeedVersionResponse* response) override {
    return Play(script_->reject_feed_version, request, response);
  }
  grpc::Status RollBackFeed(grpc::ServerContext*, const v1::RollBackFeedRequest* request,
                            v1::RollBackFeedResponse* response) override {
    return Play(script_->roll_back_feed, request, response);
  }
  grpc::Status PinFeed(grpc::ServerContext*, const v1::PinFeedRequest* request,
                       v1::PinFeedResponse* response) override {
    return Play(script_->pin_feed, request, response);
  }
  grpc::Status UnpinFeed(grpc::ServerContext*, const v1::UnpinFeedRequest* request,
                         v1::UnpinFeedResponse* response) override {
    return Play(script_->unpin_feed, request, response);
  }
  grpc::Status RebuildFeed(grpc::ServerContext*, const v1::RebuildFeedRequest* request,
                           v1::RebuildFeedResponse* response) override {
    return Play(script_->rebuild_feed, request, response);
  }
  grpc::Status VerifyFeed(grpc::ServerContext*, const v1::VerifyFeedRequest* request,
                          grpc::ServerWriter<v1::VerifyFeedResponse>* writer) override {
    std::vector<v1::VerifyFeedResponse> messages;
    const grpc::Status status = Play(script_->verify_feed, request, &messages);
    for (const v1::VerifyFeedResponse& message : messages) writer->Write(message);
    return status;
  }
  grpc::Status Explain(grpc::ServerContext*, const v1::ExplainRequest* request,
                       v1::ExplainResponse* response) override {
    return Play(script_->explain, request, response);
  }
  grpc::Status SetOverride(grpc::ServerContext*, const v1::SetOverrideRequest* request,
                           v1::SetOverrideResponse* response) override {
    return Play(script_->set_override, request, response);
  }
  grpc::Status DeleteOverride(grpc::ServerContext*, const v1::DeleteOverrideRequest* request,
                              v1::DeleteOverrideResponse* response) override {
    return Play(script_->delete_override, request, response);
  }
  grpc::Status ListOverrides(grpc::ServerContext*, const v1::ListOverridesRequest* request,
                             v1::ListOverridesResponse* response) override {
    return Play(script_->list_overrides, request, response);
  }
  grpc::Status ListAuditEntries(grpc::ServerContext*, const v1::ListAuditEntriesRequest* request,
                                v1::ListAuditEntriesResponse* response) override {
    return Play(script_->list_audit_entries, request, response);
  }

 private:
  const ScriptedServer* const script_;
};

ScriptedServer::ScriptedServer(const TestCertificates* certificates) {
  Start("127.0.0.1:0", CredentialsFrom(certificates));
}

ScriptedServer::ScriptedServer(const std::string& socket_path) {
  Start("unix:" + socket_path, grpc::InsecureServerCredentials());
}

void ScriptedServer::Start(const std::string& address,
                           std::shared_ptr<grpc::ServerCredentials> credentials) {
  reputation_ = std::make_unique<Reputation>(this);
  admin_ = std::make_unique<Admin>(this);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, credentials, &port);
  builder.RegisterService(reputation_.get());
  builder.RegisterService(admin_.get());
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr) << "no server on " << address;
  target_ = absl::StartsWith(address, "unix:") ? address : absl::StrCat("127.0.0.1:", port);
}

ScriptedServer::~ScriptedServer() {
  ending_.Notify();
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

ClientOptions ScriptedServer::ForClient() const {
  ClientOptions options;
  options.servers = {target_};
  options.plaintext = true;
  return options;
}

ClosedPort::ClosedPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  target_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

ClosedPort::~ClosedPort() { close(socket_); }

}  // namespace cloister::testing
