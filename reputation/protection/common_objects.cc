#include "reputation/protection/common_objects.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

#include "reputation/digest.h"
#include "reputation/ip_address.h"

namespace cloister::reputation {
namespace {

constexpr const char* kSpecialNetworks[] = {
    "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",  "224.0.0.0/4",
    "240.0.0.0/4",   "::/128",       "::1/128",        "64:ff9b:1::/48", "100::/64",
    "fc00::/7",      "fe80::/10",    "fec0::/10",      "ff00::/8",
};

}  // namespace

absl::Status AddEmptyFile(ProtectedSet* set) {
  const std::pair<DigestAlgorithm, const EVP_MD*> algorithms[] = {
      {DigestAlgorithm::kSha256, EVP_sha256()},
      {DigestAlgorithm::kSha1, EVP_sha1()},
      {DigestAlgorithm::kMd5, EVP_md5()}};
  for (const auto& [algorithm, evp] : algorithms) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
    unsigned int size = 0;
    if (EVP_Digest("", 0, bytes.data(), &size, evp, nullptr) != 1) {
      // A FIPS provider without MD5: then no feed's MD5 of it can be told, either.
      continue;
    }
    absl::StatusOr<Digest> digest =
        Digest::FromBytes(algorithm, {reinterpret_cast<const char*>(bytes.data()), size});
    if (!digest.ok()) return digest.status();
    if (absl::Status s = set->AddFile(*digest); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status AddSpecialNetworks(ProtectedSet* set) {
  for (const char* text : kSpecialNetworks) {
    absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(text);
    if (!prefix.ok()) return prefix.status();
    if (absl::Status s = set->AddNetwork(*prefix); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace cloister::reputation
