// Why a call to the server failed, in the words of the public interface.

#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "cloister/answer.h"

namespace cloister::client {

struct Failure {
  ErrorKind kind = ErrorKind::kNone;  // kNone: the call succeeded
  std::string message;

  bool ok() const { return kind == ErrorKind::kNone; }
};

// What `status` of a call to `server` means. A connection that ended in the TLS handshake is
// kPermissionDenied: one side refused the other's certificate.
Failure FailureOf(const grpc::Status& status, const std::string& server);

Answer FailedAnswer(const Failure& failure);

}  // namespace cloister::client
