// The server's side of mutual TLS.

#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/security/server_credentials.h"
#include "server/config/configuration.h"

namespace cloister::server {

// OK if the three files can be read, certificate and key belong together, and neither certificate
// nor authority has expired or is not yet valid at `now`. Errors name the file and the mend.
absl::Status CheckTlsFiles(const TlsConfig& tls, absl::Time now);

// When the certificate at `path` (the first one in it) expires.
absl::StatusOr<absl::Time> CertificateExpiry(const std::string& path);

// Credentials that demand a client certificate of an authority in `tls.client_ca`. The files are
// read again every few seconds, so that they can be renewed without a restart: replace them in
// one step (rename, or switch a link to their folder).
std::shared_ptr<grpc::ServerCredentials> MutualTlsCredentials(const TlsConfig& tls);

}  // namespace cloister::server
