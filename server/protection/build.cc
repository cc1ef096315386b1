// BuildProtectedObjects: everything that the configuration names.

#include <openssl/evp.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/protection/protected_objects.h"
#include "server/protection/protected_set.h"
#include "server/protection/public_suffixes.h"
#include "server/protection/warning_list.h"
#include "storage/files/files.h"

namespace cloister::server {
namespace {

using reputation::DigestAlgorithm;

constexpr uint64_t kMaxWarningListBytes = 64u << 20;

// Addresses that nobody can be reached at from elsewhere (IANA's special-purpose registries, RFC
// 6890; multicast RFC 5771, 4291). Those of documentation (RFC 5737, 3849) are left out: examples
// list them, and nobody has them.
constexpr const char* kSpecialNetworks[] = {
    "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",  "224.0.0.0/4",
    "240.0.0.0/4",   "::/128",       "::1/128",        "64:ff9b:1::/48", "100::/64",
    "fc00::/7",      "fe80::/10",    "fec0::/10",      "ff00::/8",
};

// Feeds do list the digests of nothing at all (docs/architecture.md).
absl::Status AddEmptyFile(ProtectedSet* set) {
  set->BeginSource("empty file");
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
    absl::StatusOr<reputation::Digest> digest = reputation::Digest::FromBytes(
        algorithm, {reinterpret_cast<const char*>(bytes.data()), size});
    if (!digest.ok()) return digest.status();
    if (absl::Status s = set->AddFile(*digest); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status AddNetworks(absl::string_view setting, const char* const* begin,
                         const char* const* end, ProtectedSet* set) {
  for (const char* const* text = begin; text != end; ++text) {
    absl::StatusOr<reputation::IpPrefix> prefix = reputation::IpPrefix::Parse(*text);
    if (!prefix.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("[protection] ", setting, ": ", prefix.status().message()));
    }
    if (absl::Status s = set->AddNetwork(*prefix); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status AddOwn(const ProtectionConfig& options, ProtectedSet* set) {
  set->BeginSource("own domain ");
  for (const std::string& domain : options.own_domains) {
    if (absl::Status s = set->AddHost(domain, /*and_below=*/true); !s.ok()) return s;
  }
  set->BeginSource("own network ");
  for (const std::string& network : options.own_networks) {
    const char* text = network.c_str();
    if (absl::Status s = AddNetworks("own_networks", &text, &text + 1, set); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status AddWarningLists(const ProtectionConfig& options, ProtectedSet* set,
                             uint64_t* passed_over) {
  absl::StatusOr<std::vector<std::string>> files = FindWarningLists(options.warning_lists);
  if (!files.ok()) return files.status();
  for (const std::string& file : *files) {
    // Links are followed here: Kubernetes mounts files as links.
    std::error_code error;
    const std::string real = std::filesystem::canonical(file, error).string();
    absl::StatusOr<std::string> text = storage::ReadFile(error ? file : real, kMaxWarningListBytes);
    if (!text.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("[protection] warning_lists: ", file, ": ", text.status().message(),
                       "; make it readable, or take it off the list"));
    }
    if (absl::Status s = AddWarningList(*text, file, set, passed_over); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProtectedObjects>> BuildProtectedObjects(
    const ProtectionConfig& options, uint64_t* passed_over) {
  *passed_over = 0;
  auto set = std::make_unique<ProtectedSet>();
  if (absl::Status s = AddEmptyFile(set.get()); !s.ok()) return s;
  if (absl::Status s = AddOwn(options, set.get()); !s.ok()) return s;
  if (options.private_networks) {
    set->BeginSource("special-purpose network ");
    absl::Status s = AddNetworks("private_networks", std::begin(kSpecialNetworks),
                                 std::end(kSpecialNetworks), set.get());
    if (!s.ok()) return s;
  }
  if (options.public_suffixes) {
    set->BeginSource("public suffix ");
    if (absl::Status s = AddPublicSuffixes(kPublicSuffixList, set.get()); !s.ok()) return s;
  }
  if (absl::Status s = AddWarningLists(options, set.get(), passed_over); !s.ok()) return s;
  set->Sort();
  return std::unique_ptr<ProtectedObjects>(std::move(set));
}

}  // namespace cloister::server
