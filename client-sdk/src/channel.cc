#include "client-sdk/src/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "reputation/ip_address.h"

namespace cloister::client {
namespace {

constexpr size_t kMaxPemBytes = 1 << 20;

absl::Status BadTarget(absl::string_view target, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", target, "\" is not the address of a server: ", why,
                   "; write host:port, such as 127.0.0.1:7447, or unix:/path/of/socket"));
}

// "host" of "host:port"; brackets of IPv6 addresses stay.
absl::string_view HostOf(absl::string_view target) { return target.substr(0, target.rfind(':')); }

absl::StatusOr<std::string> ReadPem(const std::string& path, absl::string_view what) {
  if (path.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no ", what, " is given (a PEM file)"));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPemBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.gcount() == 0) {
    return absl::NotFoundError(
        absl::StrCat(what, " ", path, " cannot be read, or is empty: check path and permissions"));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxPemBytes || !absl::StrContains(text, "-----BEGIN ")) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", path, " is not a PEM file"));
  }
  return text;
}

grpc::ChannelArguments ChannelArgumentsFor(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Come back soon after the server does: it is a few hops away, and one of few clients.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(std::min<size_t>(options.max_answer_bytes, INT_MAX)));
  arguments.SetMaxSendMessageSize(-1);
  return arguments;
}

}  // namespace

absl::Status CheckTarget(absl::string_view target) {
  if (absl::StartsWith(target, "unix:")) {
    if (target.size() == 5) return BadTarget(target, "the path is missing");
    return absl::OkStatus();
  }
  if (absl::StrContains(target, "/")) return BadTarget(target, "it has a scheme or a path");
  const size_t colon = target.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(target.substr(colon + 1), &port) ||
      port == 0 || port > 65535) {
    return BadTarget(target, "it does not end in a port number");
  }
  const absl::string_view host = HostOf(target);
  if (host.empty()) return BadTarget(target, "the host is missing");
  if (absl::StrContains(host, ":") && (host.front() != '[' || host.back() != ']')) {
    return BadTarget(target, "an IPv6 address needs [ ] around it");
  }
  return absl::OkStatus();
}

bool IsLocalTarget(absl::string_view target) {
  if (absl::StartsWith(target, "unix:")) return true;
  const absl::string_view host = HostOf(target);
  if (host == "localhost") return true;
  const auto address = reputation::IpAddress::Parse(host);
  if (!address.ok()) return false;
  return address->is_v4() ? address->bytes()[0] == 127 : address->ToString() == "::1";
}

absl::StatusOr<TlsIdentity> ReadTlsIdentity(const TlsFiles& files) {
  TlsIdentity identity;
  for (auto [path, what, text] :
       {std::tuple{&files.ca, "CA certificate", &identity.ca},
        std::tuple{&files.certificate, "client certificate", &identity.certificate},
        std::tuple{&files.key, "client key", &identity.key}}) {
    absl::StatusOr<std::string> pem = ReadPem(*path, what);
    if (!pem.ok()) return pem.status();
    *text = *std::move(pem);
  }
  return identity;
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, const ClientOptions& options,
                                           const TlsIdentity* identity) {
  grpc::ChannelArguments arguments = ChannelArgumentsFor(options);
  if (identity == nullptr) {
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }
  if (!options.tls.server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls.server_name);
  }
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = identity->ca;
  ssl.pem_cert_chain = identity->certificate;
  ssl.pem_private_key = identity->key;
  return grpc::CreateCustomChannel(target, grpc::SslCredentials(ssl), arguments);
}

}  // namespace cloister::client
