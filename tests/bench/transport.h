// How client and server of a measurement are joined. The product and the echo are always joined in
// the same way.

#pragma once

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/support/certificates.h"

namespace cloister::bench {

enum class Transport { kTcp, kMutualTls, kUnix };

// "TCP", "mTLS" or "unix socket".
std::string TransportName(Transport transport);

// Paths of PEM files.
struct TlsFiles {
  std::string authority;  // of both sides
  testing::CertificateFiles server;
  testing::CertificateFiles client;
};

// The name that the client's certificate states.
inline constexpr char kClientName[] = "gateway.bench.invalid";

// Makes them in `directory`, which must exist; valid for 30 days.
TlsFiles MakeTlsFiles(const std::string& directory);

// A server to drive.
struct Target {
  std::string address;                         // "host:port" or "unix:/path"
  std::optional<TlsFiles> tls = std::nullopt;  // otherwise plaintext
  pid_t pid = 0;                               // 0: in this process, nothing of its own to count
};

// A connection of its own, shared with no other channel.
std::shared_ptr<grpc::Channel> NewConnection(const Target& target);

// Borrows `bytes`, which must outlive the call they are sent with.
grpc::ByteBuffer ToBuffer(const std::string& bytes);
std::string ToBytes(const grpc::ByteBuffer& buffer);
absl::Status ToStatus(const grpc::Status& status);

// One call, answered within `timeout`.
absl::StatusOr<std::string> CallOnce(const Target& target, const std::string& method,
                                     const std::string& request, absl::Duration timeout);

}  // namespace cloister::bench
