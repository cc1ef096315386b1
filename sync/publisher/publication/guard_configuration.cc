#include "sync/publisher/publication/guard_configuration.h"

#include <string>

namespace cloister::publisher {
namespace {

using config::TomlTable;

constexpr int64_t kMaxPopularHosts = 10'000'000;

void ReadAction(const TomlTable& table, Guard guard, GuardAction* action) {
  const std::string word =
      table.Choice(GuardName(guard), {"hold", "refuse", "off"}, GuardActionName(*action));
  *action = GuardActionFromName(word).value_or(*action);
}

}  // namespace

GuardOptions ReadGuards(const TomlTable& table) {
  GuardOptions guards;
  ReadAction(table, Guard::kEmptyFile, &guards.empty_file);
  ReadAction(table, Guard::kPublicSuffix, &guards.public_suffix);
  ReadAction(table, Guard::kPrivateNetwork, &guards.private_network);
  ReadAction(table, Guard::kWidePrefix, &guards.wide_prefix);
  ReadAction(table, Guard::kWarningList, &guards.warning_list);
  ReadAction(table, Guard::kPopularHost, &guards.popular_host);
  ReadAction(table, Guard::kSharedHost, &guards.shared_host);
  ReadAction(table, Guard::kOwnAsset, &guards.own_asset);
  guards.min_ipv4_prefix =
      static_cast<int>(table.Integer("min_ipv4_prefix", {0, 32}, guards.min_ipv4_prefix));
  guards.min_ipv6_prefix =
      static_cast<int>(table.Integer("min_ipv6_prefix", {0, 128}, guards.min_ipv6_prefix));
  guards.warning_lists = table.Paths("warning_lists");
  guards.popular_hosts = table.Paths("popular_hosts");
  guards.popular_hosts_count =
      static_cast<uint64_t>(table.Integer("popular_hosts_count", {1, kMaxPopularHosts},
                                          static_cast<int64_t>(guards.popular_hosts_count)));
  guards.own_domains = table.Texts("own_domains");
  guards.own_networks = table.Texts("own_networks");
  guards.allow = table.Texts("allow");
  guards.allow_files = table.Paths("allow_files");
  return guards;
}

}  // namespace cloister::publisher
