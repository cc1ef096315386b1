// Channels to a server, for the client library and for the command line.

#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cloister/client_options.h"

namespace cloister::client {

// InvalidArgument, with a right example, unless `target` is "host:port", "[IPv6]:port" or
// "unix:/path".
absl::Status CheckTarget(absl::string_view target);

// Whether a checked target cannot leave this machine: a unix socket or a loopback address.
bool IsLocalTarget(absl::string_view target);

// Who this client is and whom it trusts. PEM text.
struct TlsIdentity {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Reads the files, each at most 1 MiB. InvalidArgument if one is not stated or holds no PEM, else
// the error of reading; always with the path. Expiry and signatures are left to the handshake.
absl::StatusOr<TlsIdentity> ReadTlsIdentity(const TlsFiles& files);

// Makes a channel that connects when it is first used. `target` must have passed CheckTarget.
// `identity` is nullptr for plaintext. Neither proxies nor service configurations from DNS are
// asked for.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, const ClientOptions& options,
                                           const TlsIdentity* identity);

}  // namespace cloister::client
