// Certificates for tests, made in the process through OpenSSL. For tests only: the keys lie
// unprotected in the directory given.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace cloister::testing {

// Paths of PEM files.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

struct CertificateRequest {
  std::string common_name;
  // As OpenSSL writes them: "DNS:gateway.example", "IP:127.0.0.1", "URI:spiffe://x/y",
  // "email:a@example.org".
  std::vector<std::string> subject_alternative_names = {};
  bool server = false;                        // otherwise for a client
  absl::Duration age = absl::Hours(1);        // since it became valid
  absl::Duration remaining = absl::Hours(1);  // until it expires; negative: expired already
};

// A certificate authority of a test's own. Failures abort the test program.
class CertificateAuthority {
 public:
  // Writes <directory>/<name>.pem; the directory must exist and outlive the files' use.
  explicit CertificateAuthority(std::string directory, const std::string& name = "ca");
  ~CertificateAuthority();

  // Path of the authority's own certificate.
  const std::string& certificate() const { return certificate_; }

  // Writes <directory>/<file_name>.pem and .key, replacing what is there.
  CertificateFiles Issue(const std::string& file_name, const CertificateRequest& request) const;

 private:
  struct State;

  std::string directory_;
  std::string certificate_;
  std::unique_ptr<State> state_;
};

// What most tests need, from one authority.
struct TestCertificates {
  explicit TestCertificates(const std::string& directory);

  CertificateAuthority authority;
  CertificateFiles server;          // localhost, 127.0.0.1, ::1
  CertificateFiles gateway;         // CN gateway, DNS:gateway.test.invalid
  CertificateFiles operator_;       // CN operator, DNS:operator.test.invalid
  CertificateFiles stranger;        // CN stranger, DNS:stranger.test.invalid
  CertificateFiles expired_client;  // the gateway's names, expired an hour ago
};

// Contents of a small file such as a PEM file; aborts the test program if it cannot be read.
std::string ReadTestFile(const std::string& path);

}  // namespace cloister::testing
