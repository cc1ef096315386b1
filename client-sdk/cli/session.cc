#include "client-sdk/cli/session.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client-sdk/cli/certificates.h"
#include "client-sdk/cli/durations.h"
#include "client-sdk/src/channel.h"

namespace cloister::cli {
namespace {

// Something listens, and closes the connection before the first answer.
bool IsClosedByPeer(const client::Failure& failure) {
  return failure.kind == ErrorKind::kUnavailable &&
         (absl::StrContains(failure.message, "ocket closed") ||
          absl::StrContains(failure.message, "reset by peer"));
}

// What to do about it; "" where the message itself says so.
std::string Advice(const client::Failure& failure, const GlobalOptions& options) {
  const std::string subject = options.plaintext ? "" : SubjectOf(options.tls.certificate);
  switch (failure.kind) {
    case ErrorKind::kUnavailable:
      if (IsClosedByPeer(failure)) {
        return absl::StrCat("Something listens there but closes the connection: ",
                            options.plaintext
                                ? "it may want TLS; leave out --plaintext and give certificates."
                                : "it may not accept the certificate " + options.tls.certificate +
                                      " (" + subject + "), or may not speak TLS.");
      }
      return "Is cloisterd running there? Name another server with --server or CLOISTER_SERVER.";
    case ErrorKind::kDeadlineExceeded:
      return "Check the address (--server, CLOISTER_SERVER), or wait longer with --timeout.";
    case ErrorKind::kPermissionDenied:
      if (subject.empty()) return "This client came without a certificate (--plaintext).";
      return absl::StrCat("This client came as ", subject, " (", options.tls.certificate,
                          "), and trusts ", options.tls.ca,
                          ". Roles are granted to names in the server's configuration.");
    case ErrorKind::kOverloaded:
      // The server's disk, not its load: the message says what to do.
      if (absl::StrContains(failure.message, "no_space")) return "";
      return "Ask again later, or for less at a time.";
    default:
      return "";
  }
}

}  // namespace

absl::Status Session::SetTimeout() {
  const absl::StatusOr<absl::Duration> timeout = ParseDuration(options_.timeout);
  if (!timeout.ok()) return timeout.status();
  if (*timeout < absl::Milliseconds(1) || *timeout > absl::Hours(24)) {
    return absl::InvalidArgumentError("it must lie between 1ms and 24h");
  }
  timeout_ = absl::ToChronoMilliseconds(*timeout);
  return absl::OkStatus();
}

std::chrono::milliseconds Session::long_timeout() const {
  return options_.timeout_given ? timeout_ : client::Deadline::kLongest;
}

bool Session::Succeeded(const grpc::Status& status, ExitCode* code) {
  progress_.Clear();
  const client::Failure failure = client::FailureOf(status, options_.server);
  if (!failure.ok()) *code = Fail(failure);
  return failure.ok();
}

ExitCode Session::Fail(ExitCode code, absl::string_view message) {
  *errors_ << "error: " << Printable(message) << "\n";
  return code;
}

ExitCode Session::CodeFor(const client::Failure& failure) const {
  // In TLS 1.3 a server refuses a client's certificate by closing the connection.
  if (!options_.plaintext && IsClosedByPeer(failure)) return ExitCode::kPermission;
  return ExitCodeFor(failure.kind);
}

ExitCode Session::Fail(const client::Failure& failure) {
  const ExitCode code = Fail(CodeFor(failure), failure.message);
  const std::string advice = Advice(failure, options_);
  if (!advice.empty()) *errors_ << "  " << advice << "\n";
  return code;
}

bool Session::CertificatesAreUsable(ExitCode* code) {
  if (options_.plaintext) return true;
  const absl::Status status = CheckCertificates(options_.tls, absl::Now());
  if (status.ok()) return true;
  *code = Fail(ExitCode::kPermission, status.message());
  *errors_ << "  Certificates are named with --ca, --certificate and --key, or with CLOISTER_CA, "
              "CLOISTER_CERTIFICATE and CLOISTER_KEY.\n";
  return false;
}

ClientOptions Session::ForClient() const {
  ClientOptions options;
  options.servers = {options_.server};
  options.tls = options_.tls;
  options.plaintext = options_.plaintext;
  options.default_deadline = timeout_;
  return options;
}

std::unique_ptr<Client> Session::Connect(ExitCode* code) {
  if (!CertificatesAreUsable(code)) return nullptr;
  std::string error;
  std::unique_ptr<Client> client = Client::Create(ForClient(), &error);
  if (client == nullptr) *code = Fail(ExitCode::kUsage, error);
  return client;
}

bool Session::ConnectAdmin(ExitCode* code) {
  if (admin_ != nullptr) return true;
  // The client library checks the options; the admin service shares its way of connecting.
  if (Connect(code) == nullptr) return false;
  std::optional<client::TlsIdentity> identity;
  if (!options_.plaintext) {
    absl::StatusOr<client::TlsIdentity> read = client::ReadTlsIdentity(options_.tls);
    if (!read.ok()) {
      *code = Fail(ExitCode::kPermission, read.status().message());
      return false;
    }
    identity = *std::move(read);
  }
  admin_ = v1::AdminService::NewStub(
      client::MakeChannel(options_.server, ForClient(), identity ? &*identity : nullptr));
  return true;
}

}  // namespace cloister::cli
