// Between what users call and the generated stubs: deadlines and the choice of server.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client-sdk/src/deadline.h"
#include "client-sdk/src/failure.h"
#include "cloister/client_options.h"
#include "cloister/v1/reputation.grpc.pb.h"

namespace cloister::client {

// Thread-safe. Each call blocks until it is answered, has failed or its deadline has passed; where
// a server cannot be reached the next of the list is asked, and stays the first to be asked.
class Connection {
 public:
  // Does not connect yet. An error names the option that cannot be used and the mend.
  static absl::StatusOr<std::unique_ptr<Connection>> Create(const ClientOptions& options);

  Failure Lookup(const Deadline& deadline, const v1::LookupRequest& request,
                 v1::LookupResponse* response);
  Failure BatchLookup(const Deadline& deadline, const v1::BatchLookupRequest& request,
                      v1::BatchLookupResponse* response);

 private:
  struct Server {
    std::string target;
    std::unique_ptr<v1::ReputationService::Stub> stub;
  };
  explicit Connection(std::vector<Server> servers) : servers_(std::move(servers)) {}

  template <typename Call>
  Failure Ask(const Deadline& deadline, Call call);

  const std::vector<Server> servers_;
  std::atomic<size_t> preferred_{0};  // of servers_
};

}  // namespace cloister::client
