#include "client-sdk/src/connection.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client-sdk/src/channel.h"

namespace cloister::client {
namespace {

absl::Status CheckOptions(const ClientOptions& options) {
  if (options.servers.empty()) {
    return absl::InvalidArgumentError("no server is given; name one, such as 127.0.0.1:7447");
  }
  if (options.default_deadline < std::chrono::milliseconds(1) ||
      options.default_deadline > Deadline::kLongest) {
    return absl::InvalidArgumentError("the default deadline must lie between 1 ms and 24 h");
  }
  if (options.max_keys_per_call < 255 || options.max_keys_per_call > 100'000) {
    return absl::InvalidArgumentError("max_keys_per_call must lie between 255 and 100000");
  }
  for (const std::string& server : options.servers) {
    if (absl::Status status = CheckTarget(server); !status.ok()) return status;
    if (options.plaintext && !IsLocalTarget(server)) {
      return absl::InvalidArgumentError(
          absl::StrCat("plaintext is only for loopback addresses and unix sockets, and ", server,
                       " is neither: give certificates instead"));
    }
  }
  return absl::OkStatus();
}

// A handshake that failed is UNAVAILABLE, too: another server may have a better certificate.
bool MayAskAnother(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}

template <typename Call>
grpc::Status AskOnce(v1::ReputationService::Stub* stub, gpr_timespec until, Call call) {
  grpc::ClientContext context;
  context.set_deadline(until);
  return call(stub, &context);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Create(const ClientOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  std::optional<TlsIdentity> identity;
  if (!options.plaintext) {
    absl::StatusOr<TlsIdentity> read = ReadTlsIdentity(options.tls);
    if (!read.ok()) return read.status();
    identity = *std::move(read);
  }
  std::vector<Server> servers;
  for (const std::string& target : options.servers) {
    auto channel = MakeChannel(target, options, identity ? &*identity : nullptr);
    servers.push_back({target, v1::ReputationService::NewStub(channel)});
  }
  return std::unique_ptr<Connection>(new Connection(std::move(servers)));
}

template <typename Call>
Failure Connection::Ask(const Deadline& deadline, Call call) {
  // gRPC may still send, and even answer, a call whose deadline is now.
  if (deadline.passed()) return {ErrorKind::kDeadlineExceeded, "not asked before the deadline"};
  const size_t first = preferred_.load(std::memory_order_relaxed);
  Failure failure;
  for (size_t i = 0; i < servers_.size(); ++i) {
    const size_t index = (first + i) % servers_.size();
    const Server& server = servers_[index];
    const gpr_timespec share = deadline.Share(servers_.size() - i).ForGrpc();
    grpc::Status status = AskOnce(server.stub.get(), share, call);
    // A connection that dies under a call, as when the server is restarted, says nothing of the
    // server that is there now; lookups change nothing, so it is asked once more.
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      status = AskOnce(server.stub.get(), share, call);
    }
    failure = FailureOf(status, server.target);
    if (failure.ok()) preferred_.store(index, std::memory_order_relaxed);
    if (!MayAskAnother(status) || deadline.passed()) break;
  }
  return failure;
}

Failure Connection::Lookup(const Deadline& deadline, const v1::LookupRequest& request,
                           v1::LookupResponse* response) {
  return Ask(deadline, [&](v1::ReputationService::Stub* stub, grpc::ClientContext* context) {
    return stub->Lookup(context, request, response);
  });
}

Failure Connection::BatchLookup(const Deadline& deadline, const v1::BatchLookupRequest& request,
                                v1::BatchLookupResponse* response) {
  return Ask(deadline, [&](v1::ReputationService::Stub* stub, grpc::ClientContext* context) {
    return stub->BatchLookup(context, request, response);
  });
}

}  // namespace cloister::client
