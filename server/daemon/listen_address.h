// Whether an address can be listened on, told before gRPC tries: gRPC says only that it could not.

#pragma once

#include <string>

#include "absl/status/status.h"

namespace cloister::server {

// OK if `address` ("host:port" or "unix:/path") is free. FailedPrecondition with cause and mend if
// another process listens there, or it is not this machine's. A socket file that nobody listens on
// any more is no obstacle.
absl::Status CheckListenAddress(const std::string& address);

}  // namespace cloister::server
