#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

namespace cloister::testing {
namespace {

struct Free {
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* x) const { EVP_PKEY_free(x); }
  void operator()(X509_EXTENSION* x) const { X509_EXTENSION_free(x); }
  void operator()(std::FILE* x) const { std::fclose(x); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void Check(bool ok, const std::string& what) {
  if (ok) return;
  std::fprintf(stderr, "test certificates: %s failed\n", what.c_str());
  std::abort();
}

Owned<EVP_PKEY> NewKey() {
  Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  Check(key != nullptr, "making a key");
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Check(extension != nullptr, "extension " + value);
  Check(X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

// A version 3 certificate without extensions and signature.
Owned<X509> NewCertificate(EVP_PKEY* key, const CertificateRequest& request) {
  Owned<X509> certificate(X509_new());
  Check(certificate != nullptr, "making a certificate");
  X509_set_version(certificate.get(), 2);
  unsigned char serial[8];
  Check(RAND_bytes(serial, sizeof serial) == 1, "a serial number");
  serial[0] = static_cast<unsigned char>(serial[0] & 0x7f) | 0x01;
  uint64_t number = 0;
  for (unsigned char byte : serial) number = number << 8 | byte;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), number);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -absl::ToInt64Seconds(request.age));
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), absl::ToInt64Seconds(request.remaining));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()),
                             -1, -1, 0);
  Check(X509_set_pubkey(certificate.get(), key) == 1, "setting the key");
  return certificate;
}

Owned<std::FILE> OpenForWriting(const std::string& path) {
  Owned<std::FILE> file(std::fopen(path.c_str(), "w"));
  Check(file != nullptr, "opening " + path);
  return file;
}

void WriteCertificate(const std::string& path, X509* certificate) {
  Check(PEM_write_X509(OpenForWriting(path).get(), certificate) == 1, "writing " + path);
}

}  // namespace

struct CertificateAuthority::State {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
};

CertificateAuthority::CertificateAuthority(std::string directory, const std::string& name)
    : directory_(std::move(directory)),
      certificate_(directory_ + "/" + name + ".pem"),
      state_(std::make_unique<State>()) {
  state_->key = NewKey();
  CertificateRequest request{.common_name = "Cloister test authority " + name};
  request.age = absl::Hours(24 * 30);
  request.remaining = absl::Hours(24 * 30);
  state_->certificate = NewCertificate(state_->key.get(), request);
  X509* certificate = state_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate, certificate, NID_subject_key_identifier, "hash");
  Check(X509_sign(certificate, state_->key.get(), EVP_sha256()) > 0, "signing the authority");
  WriteCertificate(certificate_, certificate);
}

CertificateAuthority::~CertificateAuthority() = default;

CertificateFiles CertificateAuthority::Issue(const std::string& file_name,
                                             const CertificateRequest& request) const {
  Owned<EVP_PKEY> key = NewKey();
  Owned<X509> certificate = NewCertificate(key.get(), request);
  X509* issuer = state_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  AddExtension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate.get(), issuer, NID_key_usage, "critical,digitalSignature");
  AddExtension(certificate.get(), issuer, NID_ext_key_usage,
               request.server ? "serverAuth" : "clientAuth");
  std::string names;
  for (const std::string& name : request.subject_alternative_names) {
    names += (names.empty() ? "" : ",") + name;
  }
  if (!names.empty()) AddExtension(certificate.get(), issuer, NID_subject_alt_name, names);
  Check(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) > 0, "signing");

  CertificateFiles files{.certificate = directory_ + "/" + file_name + ".pem",
                         .key = directory_ + "/" + file_name + ".key"};
  WriteCertificate(files.certificate, certificate.get());
  Check(PEM_write_PrivateKey(OpenForWriting(files.key).get(), key.get(), nullptr, nullptr, 0,
                             nullptr, nullptr) == 1,
        "writing " + files.key);
  return files;
}

TestCertificates::TestCertificates(const std::string& directory) : authority(directory) {
  CertificateRequest request{.common_name = "localhost"};
  request.subject_alternative_names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  request.server = true;
  server = authority.Issue("server", request);
  auto client = [&](const std::string& name, absl::Duration remaining) {
    CertificateRequest wanted{.common_name = name};
    wanted.subject_alternative_names = {"DNS:" + name + ".test.invalid"};
    wanted.age = absl::Hours(48);
    wanted.remaining = remaining;
    return wanted;
  };
  gateway = authority.Issue("gateway", client("gateway", absl::Hours(1)));
  operator_ = authority.Issue("operator", client("operator", absl::Hours(1)));
  stranger = authority.Issue("stranger", client("stranger", absl::Hours(1)));
  expired_client = authority.Issue("expired", client("gateway", -absl::Hours(1)));
}

std::string ReadTestFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Check(file.good(), "reading " + path);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

}  // namespace cloister::testing
