#include "server/auth/tls_credentials.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace cloister::server {
namespace {

constexpr unsigned kReloadInterval_s = 2;
// Authorities looked at in one file.
constexpr int kMaxAuthorities = 256;

struct Free {
  void operator()(BIO* x) const { BIO_free(x); }
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* x) const { EVP_PKEY_free(x); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::StatusOr<Owned<BIO>> OpenFile(const std::string& path, absl::string_view setting) {
  errno = 0;
  Owned<BIO> file(BIO_new_file(path.c_str(), "r"));
  if (file) return file;
  const int error = errno;
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot read ", path, " ([tls] ", setting, "): ", std::strerror(error),
      error == EACCES ? "; let the user that runs cloisterd read it" : "; set it to a PEM file"));
}

absl::StatusOr<Owned<X509>> ReadCertificate(const std::string& path, absl::string_view setting) {
  absl::StatusOr<Owned<BIO>> file = OpenFile(path, setting);
  if (!file.ok()) return file.status();
  Owned<X509> certificate(PEM_read_bio_X509(file->get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate) return certificate;
  return absl::FailedPreconditionError(
      absl::StrCat(path, " ([tls] ", setting,
                   ") does not start with a PEM certificate: it must hold the lines from "
                   "-----BEGIN CERTIFICATE----- on"));
}

// Asks nobody for a passphrase.
int NoPassphrase(char*, int, int, void*) { return 0; }

absl::StatusOr<Owned<EVP_PKEY>> ReadKey(const std::string& path) {
  absl::StatusOr<Owned<BIO>> file = OpenFile(path, "key");
  if (!file.ok()) return file.status();
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(file->get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (key) return key;
  return absl::FailedPreconditionError(
      absl::StrCat(path,
                   " ([tls] key) is not a PEM private key without passphrase: decrypt it "
                   "with \"openssl pkey -in KEY -out NEW\""));
}

absl::Time FromAsn1(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return absl::InfinitePast();
  return absl::FromTM(fields, absl::UTCTimeZone());
}

absl::Status CheckValidity(const X509* certificate, absl::string_view what, absl::Time now) {
  const absl::Time from = FromAsn1(X509_get0_notBefore(certificate));
  const absl::Time until = FromAsn1(X509_get0_notAfter(certificate));
  if (now > until) {
    return absl::FailedPreconditionError(absl::StrCat(what, " expired at ",
                                                      absl::FormatTime(until, absl::UTCTimeZone()),
                                                      ": put a renewed one there"));
  }
  if (now < from) {
    return absl::FailedPreconditionError(absl::StrCat(what, " is valid only from ",
                                                      absl::FormatTime(from, absl::UTCTimeZone()),
                                                      " on: check this machine's clock"));
  }
  return absl::OkStatus();
}

// Every authority must be readable; at least one must be valid.
absl::Status CheckAuthorities(const std::string& path, absl::Time now) {
  absl::StatusOr<Owned<BIO>> file = OpenFile(path, "client_ca");
  if (!file.ok()) return file.status();
  absl::Status first_error;
  for (int i = 0; i < kMaxAuthorities; ++i) {
    Owned<X509> authority(PEM_read_bio_X509(file->get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!authority) break;
    absl::Status validity =
        CheckValidity(authority.get(), absl::StrCat(path, " ([tls] client_ca)"), now);
    if (validity.ok()) return validity;
    first_error.Update(validity);
  }
  if (!first_error.ok()) return first_error;
  return absl::FailedPreconditionError(
      absl::StrCat(path,
                   " ([tls] client_ca) holds no PEM certificate: put that of the authority "
                   "that issues client certificates there"));
}

}  // namespace

absl::Status CheckTlsFiles(const TlsConfig& tls, absl::Time now) {
  absl::StatusOr<Owned<X509>> certificate = ReadCertificate(tls.certificate, "certificate");
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<Owned<EVP_PKEY>> key = ReadKey(tls.key);
  if (!key.ok()) return key.status();
  const int match = X509_check_private_key(certificate->get(), key->get());
  ERR_clear_error();
  if (match != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat(tls.key, " ([tls] key) is not the key of ", tls.certificate,
                     " ([tls] certificate): give the two that were made together"));
  }
  absl::Status validity =
      CheckValidity(certificate->get(), absl::StrCat(tls.certificate, " ([tls] certificate)"), now);
  if (!validity.ok()) return validity;
  return CheckAuthorities(tls.client_ca, now);
}

absl::StatusOr<absl::Time> CertificateExpiry(const std::string& path) {
  absl::StatusOr<Owned<X509>> certificate = ReadCertificate(path, "certificate");
  if (!certificate.ok()) return certificate.status();
  return FromAsn1(X509_get0_notAfter(certificate->get()));
}

std::shared_ptr<grpc::ServerCredentials> MutualTlsCredentials(const TlsConfig& tls) {
  auto files = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      tls.key, tls.certificate, tls.client_ca, kReloadInterval_s);
  grpc::experimental::TlsServerCredentialsOptions options(files);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace cloister::server
