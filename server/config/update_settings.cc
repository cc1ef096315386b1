#include "server/config/update_settings.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"

namespace cloister::server {
namespace {

using config::TomlTable;

constexpr int64_t kMebibyte = 1 << 20;

// The domain in canonical form; a mistake where it cannot be one organisation's.
void ReadOwnDomain(const TomlTable& table, const std::string& text, ProtectionConfig* protection) {
  absl::StatusOr<std::string> name = reputation::CanonicalHostName(absl::StripPrefix(text, "*."));
  if (!name.ok()) {
    table.Mistake("own_domains", absl::StrCat("\"", text, "\": ", name.status().message()));
  } else if (reputation::IsPublicSuffix(*name) || !absl::StrContains(*name, ".")) {
    table.Mistake("own_domains",
                  absl::StrCat("\"", text,
                               "\" is shared by strangers or a top-level name, which protects "
                               "nothing below it: write the domains below it that are yours"));
  } else {
    protection->own_domains.push_back(*std::move(name));
  }
}

}  // namespace

void ReadUpdatePolicy(const TomlTable& table, UpdatePolicy* policy) {
  policy->manual = table.Choice("updates", {"automatic", "manual"}, "automatic") == "manual";
  policy->hold_off = absl::Hours(table.Integer("hold_off_h", {.min = 0, .max = 24 * 365}, 0));
  policy->max_changed_share =
      table.Number("max_changed_share", {.min = 0, .max = 1}, policy->max_changed_share);
  policy->max_changed_records = static_cast<uint64_t>(
      table.Integer("max_changed_records", {.min = 0, .max = 1'000'000'000'000},
                    static_cast<int64_t>(policy->max_changed_records)));
  if (policy->manual && policy->hold_off > absl::ZeroDuration()) {
    table.Mistake("hold_off_h",
                  "never takes effect with updates = \"manual\", where an operator accepts each "
                  "version: keep one of the two");
  }
}

void ReadUpdates(const TomlTable& table, UpdatesConfig* updates) {
  updates->poll_interval =
      absl::Milliseconds(table.Integer("poll_interval_ms", {.min = 10, .max = 3'600'000}, 250));
  updates->accept_expired_within =
      absl::Hours(24 * table.Integer("accept_expired_days", {.min = 0, .max = 3650}, 0));
  updates->inbox_directory = table.Path("inbox_directory");
  updates->max_bundle_bytes =
      static_cast<uint64_t>(table.Integer("max_bundle_bytes", {.min = kMebibyte, .max = 1ll << 50},
                                          static_cast<int64_t>(updates->max_bundle_bytes)));
  updates->fold_bytes_per_second =
      static_cast<uint64_t>(table.Integer("fold_bytes_per_second", {.min = 0, .max = 1ll << 40},
                                          static_cast<int64_t>(updates->fold_bytes_per_second)));
}

void ReadProtection(const TomlTable& table, ProtectionConfig* protection) {
  for (const std::string& text : table.Texts("own_domains")) {
    ReadOwnDomain(table, text, protection);
  }
  for (const std::string& text : table.Texts("own_networks")) {
    absl::StatusOr<reputation::IpPrefix> prefix = reputation::IpPrefix::Parse(text);
    if (prefix.ok()) {
      protection->own_networks.push_back(prefix->ToString());
    } else {
      table.Mistake("own_networks", absl::StrCat("\"", text, "\": ", prefix.status().message()));
    }
  }
  protection->warning_lists = table.Paths("warning_lists");
  protection->public_suffixes = table.Flag("public_suffixes", true);
  protection->shared_hosts = table.Flag("shared_hosts", true);
  protection->private_networks = table.Flag("private_networks", true);
}

}  // namespace cloister::server
