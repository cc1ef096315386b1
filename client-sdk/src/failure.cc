#include "client-sdk/src/failure.h"

#include "absl/strings/match.h"

namespace cloister::client {
namespace {

ErrorKind KindOf(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return ErrorKind::kNone;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return ErrorKind::kInvalidArgument;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorKind::kDeadlineExceeded;
    case grpc::StatusCode::UNAVAILABLE:
      return ErrorKind::kUnavailable;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return ErrorKind::kPermissionDenied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorKind::kOverloaded;
    case grpc::StatusCode::UNIMPLEMENTED:
      return ErrorKind::kProtocol;
    default:
      return ErrorKind::kInternal;
  }
}

// gRPC reports a failed handshake as UNAVAILABLE; only its text tells.
bool IsHandshake(const std::string& text) {
  for (const char* word : {"handshake", "SSL", "ertificate", "Peer name"}) {
    if (absl::StrContains(text, word)) return true;
  }
  return false;
}

}  // namespace

Failure FailureOf(const grpc::Status& status, const std::string& server) {
  Failure failure{KindOf(status), status.error_message()};
  switch (failure.kind) {
    case ErrorKind::kNone:
      failure.message.clear();
      break;
    case ErrorKind::kDeadlineExceeded:
      failure.message = "no answer from " + server + " in time";
      break;
    case ErrorKind::kUnavailable:
      if (IsHandshake(failure.message)) {
        failure.kind = ErrorKind::kPermissionDenied;
        failure.message = "no secure connection to " + server +
                          ": one side refuses the other's certificate: " + failure.message;
      } else {
        failure.message = server + " cannot be reached: " + failure.message;
      }
      break;
    case ErrorKind::kProtocol:
      failure.message = server + " does not offer this service: " + failure.message;
      break;
    default:
      if (failure.message.empty()) failure.message = "the call to " + server + " failed";
  }
  return failure;
}

Answer FailedAnswer(const Failure& failure) {
  Answer answer;
  answer.status = AnswerStatus::kError;
  answer.error = failure.ok() ? ErrorKind::kInternal : failure.kind;
  answer.error_message = failure.message;
  return answer;
}

}  // namespace cloister::client
