#include "client-sdk/cli/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client-sdk/cli/terminal.h"
#include "client-sdk/src/channel.h"

namespace cloister::cli {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Over(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

Certificate ReadCertificate(const std::string& pem) {
  const Bio bio = Over(pem);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  ERR_clear_error();
  return certificate;
}

// Instead of asking the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

PrivateKey ReadKey(const std::string& pem) {
  const Bio bio = Over(pem);
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr),
                 &EVP_PKEY_free);
  ERR_clear_error();
  return key;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm broken_down = {};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return absl::InfinitePast();
  return absl::FromTM(broken_down, absl::UTCTimeZone());
}

absl::Status Unusable(absl::string_view what, const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, " ", why));
}

absl::Status CheckValidity(absl::string_view what, const std::string& path, const X509* certificate,
                           absl::Time now) {
  const absl::Time from = TimeOf(X509_get0_notBefore(certificate));
  const absl::Time until = TimeOf(X509_get0_notAfter(certificate));
  if (now > until) {
    return Unusable(
        what, path,
        absl::StrCat("expired on ", TimeText(until), ": have its authority issue a new one"));
  }
  if (now < from) {
    return Unusable(
        what, path,
        absl::StrCat("is not valid before ", TimeText(from), ": check this machine's clock"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCertificates(const TlsFiles& files, absl::Time now) {
  const absl::StatusOr<client::TlsIdentity> identity = client::ReadTlsIdentity(files);
  if (!identity.ok()) return identity.status();
  const Certificate ca = ReadCertificate(identity->ca);
  if (ca == nullptr) return Unusable("CA certificate", files.ca, "holds no certificate");
  const Certificate own = ReadCertificate(identity->certificate);
  if (own == nullptr) {
    return Unusable("client certificate", files.certificate, "holds no certificate");
  }
  const PrivateKey key = ReadKey(identity->key);
  if (key == nullptr) {
    return Unusable("client key", files.key,
                    "holds no private key that can be read without a passphrase");
  }
  if (X509_check_private_key(own.get(), key.get()) != 1) {
    ERR_clear_error();
    return Unusable("client key", files.key,
                    absl::StrCat("does not belong to the certificate ", files.certificate));
  }
  if (absl::Status status = CheckValidity("CA certificate", files.ca, ca.get(), now);
      !status.ok()) {
    return status;
  }
  return CheckValidity("client certificate", files.certificate, own.get(), now);
}

std::string SubjectOf(const std::string& path) {
  const Bio file(BIO_new_file(path.c_str(), "r"), &BIO_free);
  if (file == nullptr) return "";
  const Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr),
                                &X509_free);
  if (certificate == nullptr) return "";
  const Bio text(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return Printable({data, static_cast<size_t>(size)});
}

}  // namespace cloister::cli
