// BuildProtectedObjects: everything that the configuration names.

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/protection/common_objects.h"
#include "reputation/protection/protected_set.h"
#include "reputation/protection/public_suffixes.h"
#include "reputation/protection/shared_hosts.h"
#include "reputation/protection/warning_list.h"
#include "server/protection/protected_objects.h"

namespace cloister::server {
namespace {

using reputation::ProtectedSet;

// Names the setting that led to `status`.
absl::Status In(absl::string_view setting, const absl::Status& status,
                absl::string_view otherwise = "") {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("[protection] ", setting, ": ", status.message(), otherwise));
}

absl::Status AddOwn(const ProtectionConfig& options, ProtectedSet* set) {
  set->BeginSource("own domain ");
  for (const std::string& domain : options.own_domains) {
    absl::Status added = set->AddHost(domain, /*and_below=*/true);
    if (!added.ok()) return In("own_domains", added);
  }
  set->BeginSource("own network ");
  for (const std::string& network : options.own_networks) {
    absl::StatusOr<reputation::IpPrefix> prefix = reputation::IpPrefix::Parse(network);
    absl::Status added = prefix.ok() ? set->AddNetwork(*prefix) : prefix.status();
    if (!added.ok()) return In("own_networks", added);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProtectedObjects>> BuildProtectedObjects(
    const ProtectionConfig& options, uint64_t* passed_over) {
  *passed_over = 0;
  auto set = std::make_unique<ProtectedSet>();
  set->BeginSource("empty file");
  if (absl::Status s = reputation::AddEmptyFile(set.get()); !s.ok()) return s;
  if (absl::Status s = AddOwn(options, set.get()); !s.ok()) return s;
  if (options.private_networks) {
    set->BeginSource("special-purpose network ");
    absl::Status added = reputation::AddSpecialNetworks(set.get());
    if (!added.ok()) return In("private_networks", added);
  }
  if (options.public_suffixes) {
    set->BeginSource("public suffix ");
    absl::Status added = reputation::AddPublicSuffixes(reputation::kPublicSuffixList, set.get());
    if (!added.ok()) return In("public_suffixes", added, ", or set public_suffixes = false");
  }
  if (options.shared_hosts) {
    absl::Status added = reputation::AddSharedHosts(set.get());
    if (!added.ok()) return In("shared_hosts", added);
  }
  absl::Status added = reputation::AddWarningLists(options.warning_lists, set.get(), passed_over);
  if (!added.ok()) return In("warning_lists", added);
  set->Sort();
  return std::unique_ptr<ProtectedObjects>(std::move(set));
}

}  // namespace cloister::server
