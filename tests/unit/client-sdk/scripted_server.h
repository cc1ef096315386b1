// A server that answers what a test tells it to: the services of cloister.v1 without Cloister.

#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "cloister/client_options.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "cloister/v1/reputation.grpc.pb.h"
#include "tests/support/certificates.h"

namespace cloister::testing {

// Handlers are set before the first call and run on gRPC's threads. A method without a handler is
// UNIMPLEMENTED.
template <typename Request, typename Response>
using Handler = std::function<grpc::Status(const Request&, Response*)>;

class ScriptedServer {
 public:
  // Listens on a port of 127.0.0.1 that the kernel chooses; with `certificates` it speaks TLS and
  // wants a certificate from every client.
  explicit ScriptedServer(const TestCertificates* certificates = nullptr);
  // On a unix socket.
  explicit ScriptedServer(const std::string& socket_path);
  ~ScriptedServer();

  const std::string& target() const { return target_; }

  // Options of a client without TLS.
  ClientOptions ForClient() const;

  Handler<v1::LookupRequest, v1::LookupResponse> lookup;
  Handler<v1::BatchLookupRequest, v1::BatchLookupResponse> batch_lookup;
  Handler<v1::GetStatusRequest, v1::GetStatusResponse> get_status;
  Handler<v1::ListFeedsRequest, v1::ListFeedsResponse> list_feeds;
  Handler<v1::ListFeedVersionsRequest, v1::ListFeedVersionsResponse> list_feed_versions;
  Handler<v1::DiffFeedVersionRequest, v1::DiffFeedVersionResponse> diff_feed_version;
  Handler<v1::AcceptFeedVersionRequest, v1::AcceptFeedVersionResponse> accept_feed_version;
  Handler<v1::RejectFeedVersionRequest, v1::RejectFeedVersionResponse> reject_feed_version;
  Handler<v1::RollBackFeedRequest, v1::RollBackFeedResponse> roll_back_feed;
  Handler<v1::PinFeedRequest, v1::PinFeedResponse> pin_feed;
  Handler<v1::UnpinFeedRequest, v1::UnpinFeedResponse> unpin_feed;
  // What the stream brings, in order.
  Handler<v1::VerifyFeedRequest, std::vector<v1::VerifyFeedResponse>> verify_feed;
  Handler<v1::RebuildFeedRequest, v1::RebuildFeedResponse> rebuild_feed;
  Handler<v1::ExplainRequest, v1::ExplainResponse> explain;
  Handler<v1::SetOverrideRequest, v1::SetOverrideResponse> set_override;
  Handler<v1::DeleteOverrideRequest, v1::DeleteOverrideResponse> delete_override;
  Handler<v1::ListOverridesRequest, v1::ListOverridesResponse> list_overrides;
  Handler<v1::ListAuditEntriesRequest, v1::ListAuditEntriesResponse> list_audit_entries;

  // A handler that does not return before the server is destroyed.
  template <typename Request, typename Response>
  Handler<Request, Response> Never() {
    return [this](const Request&, Response*) {
      ending_.WaitForNotification();
      return grpc::Status::OK;
    };
  }

 private:
  class Reputation;
  class Admin;

  void Start(const std::string& address, std::shared_ptr<grpc::ServerCredentials> credentials);

  absl::Notification ending_;
  std::unique_ptr<Reputation> reputation_;
  std::unique_ptr<Admin> admin_;
  std::string target_;
  std::unique_ptr<grpc::Server> server_;
};

// A port of 127.0.0.1 where nothing listens, and nothing can while this lives.
class ClosedPort {
 public:
  ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  ~ClosedPort();

  const std::string& target() const { return target_; }

 private:
  int socket_;
  std::string target_;
};

}  // namespace cloister::testing
