// Sends what the gRPC library says about itself to the log, at level debug: it reports every
// failed handshake, and the causes that an operator can mend are told by cloisterd itself.

#pragma once

#include "server/log/event_log.h"

namespace cloister::server {

// While it lives, gRPC's messages go to `log`. One at a time in a process.
class GrpcLog {
 public:
  explicit GrpcLog(const EventLog* log);
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;
  ~GrpcLog();
};

}  // namespace cloister::server
