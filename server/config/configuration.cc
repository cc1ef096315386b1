#include "server/config/configuration.h"

#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "reputation/ip_address.h"
#include "server/config/update_settings.h"
#include "server/toml/toml_table.h"

namespace cloister::server {
namespace {

using config::TomlTable;

constexpr int64_t kMebibyte = 1 << 20;

// "host:port" split at the last colon; an IPv6 host stands in brackets.
struct HostPort {
  std::string host;  // without brackets
  int port = 0;
};

std::optional<HostPort> SplitHostPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return std::nullopt;
  HostPort split;
  absl::string_view host = address.substr(0, colon);
  absl::string_view port = address.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']' && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ":")) {
    return std::nullopt;
  }
  if (port.empty() || port.find_first_not_of("0123456789") != absl::string_view::npos) {
    return std::nullopt;
  }
  if (!absl::SimpleAtoi(port, &split.port) || split.port > 65535) return std::nullopt;
  split.host = std::string(host);
  return split;
}

bool IsLoopbackHost(absl::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  absl::StatusOr<reputation::IpAddress> ip = reputation::IpAddress::Parse(host);
  return ip.ok() && ip->is_v4() && static_cast<unsigned char>(ip->bytes()[0]) == 127;
}

void ReadListen(const TomlTable& table, ListenConfig* listen) {
  listen->address = table.Text("address", listen->address);
  listen->mutual_tls = table.Choice("tls", {"mutual", "off"}, "mutual") == "mutual";
  const bool is_unix = absl::StartsWith(listen->address, "unix:");
  // sockaddr_un holds 107 bytes of path and a terminating zero.
  if (is_unix && (!absl::StartsWith(listen->address, "unix:/") || listen->address.size() > 112)) {
    table.Mistake("address",
                  "a unix socket needs an absolute path of at most 107 bytes, "
                  "as in \"unix:/run/cloister/cloister.sock\"");
  } else if (!is_unix && !SplitHostPort(listen->address)) {
    table.Mistake("address",
                  "is not an address: write \"host:port\", \"[IPv6]:port\" or "
                  "\"unix:/path\"");
  } else if (!listen->mutual_tls && !IsLocalAddress(listen->address)) {
    table.Mistake("tls",
                  "can be off only on a loopback address or a unix socket: use "
                  "tls = \"mutual\", or listen on 127.0.0.1 or unix:/path");
  }
}

void ReadTls(const TomlTable& table, bool mutual_tls, TlsConfig* tls) {
  if (!mutual_tls) {
    tls->certificate = table.Path("certificate");
    tls->key = table.Path("key");
    tls->client_ca = table.Path("client_ca");
    return;
  }
  tls->certificate = table.RequiredPath("certificate");
  tls->key = table.RequiredPath("key");
  tls->client_ca = table.RequiredPath("client_ca");
}

void ReadIdentities(const TomlTable& root, bool mutual_tls, std::vector<Identity>* identities) {
  std::set<std::string> names;
  for (const TomlTable& table : root.Tables("identity")) {
    Identity identity;
    identity.name = table.RequiredText("name");
    std::string role;
    if (table.Has("role")) {
      role = table.Choice("role", {"gateway", "operator"}, "gateway");
    } else {
      table.Mistake("role", "is missing: write role = \"gateway\" or role = \"operator\"");
    }
    identity.role = RoleFromName(role).value_or(Role::kGateway);
    if (!identity.name.empty() && !names.insert(identity.name).second) {
      table.Mistake(
          "name", absl::StrCat("\"", identity.name, "\" has a role already: keep one of the two"));
    }
    identities->push_back(std::move(identity));
  }
  if (mutual_tls && identities->empty()) {
    root.Mistake("identity",
                 "no [[identity]] has a role, so nobody could ask anything: add one "
                 "with name and role for each client certificate");
  }
}

// A feed's name becomes a folder and a part of database names.
bool IsFeedName(absl::string_view name) {
  if (name.empty() || name.size() > 64 || !absl::ascii_isalnum(name[0])) return false;
  for (unsigned char c : name) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-' && c != '_') return false;
  }
  return true;
}

void ReadFeeds(const TomlTable& root, std::vector<FeedConfig>* feeds) {
  std::set<std::string> names;
  for (const TomlTable& table : root.Tables("feed")) {
    FeedConfig feed;
    feed.name = table.RequiredText("name");
    feed.root = table.RequiredPath("root");
    feed.priority = static_cast<int>(table.Integer("priority", {.min = 0, .max = 1000}, 50));
    feed.authoritative = table.Flag("authoritative", false);
    ReadUpdatePolicy(table, &feed.updates);
    if (!feed.name.empty() && !IsFeedName(feed.name)) {
      table.Mistake("name",
                    "can hold lower-case letters, digits, '-' and '_', at most 64, and "
                    "starts with a letter or digit");
    } else if (!feed.name.empty() && !names.insert(feed.name).second) {
      table.Mistake("name", absl::StrCat("\"", feed.name, "\" is configured twice: keep one"));
    }
    feeds->push_back(std::move(feed));
  }
}

void ReadAnswers(const TomlTable& table, AnswersConfig* answers) {
  constexpr int64_t kDay_s = 86400;
  answers->listed_ttl =
      absl::Seconds(table.Integer("listed_ttl_s", {.min = 0, .max = kDay_s}, 300));
  answers->not_listed_ttl =
      absl::Seconds(table.Integer("not_listed_ttl_s", {.min = 0, .max = kDay_s}, 60));
}

void ReadLimits(const TomlTable& table, LimitsConfig* limits) {
  auto number = [&](const char* name, config::IntegerRange range, auto* value) {
    *value = static_cast<std::remove_pointer_t<decltype(value)>>(
        table.Integer(name, range, static_cast<int64_t>(*value)));
  };
  number("max_batch_keys", {.min = 1, .max = 1'000'000}, &limits->max_batch_keys);
  number("max_message_bytes", {.min = 256 << 10, .max = 64 * kMebibyte},
         &limits->max_message_bytes);
  number("memory_bytes", {.min = 64 * kMebibyte, .max = 1ll << 40}, &limits->memory_bytes);
  number("max_concurrent_streams", {.min = 1, .max = 1'000'000}, &limits->max_concurrent_streams);
}

void ReadStorage(const TomlTable& table, StorageConfig* storage) {
  storage->block_cache_bytes = static_cast<uint64_t>(
      table.Integer("block_cache_bytes", {.min = kMebibyte, .max = 1ll << 40}, 64 * kMebibyte));
  storage->kept_versions =
      static_cast<uint32_t>(table.Integer("kept_versions", {.min = 1, .max = 100}, 3));
  storage->reserve_bytes = static_cast<uint64_t>(
      table.Integer("reserve_bytes", {.min = 0, .max = 1ll << 50}, 256 * kMebibyte));
}

void ReadMetrics(const TomlTable& table, std::string* address) {
  *address = table.Text("address", "127.0.0.1:9464");
  if (!address->empty() && !SplitHostPort(*address)) {
    table.Mistake("address", "is not an address: write \"host:port\", or \"\" to serve no metrics");
  }
}

absl::StatusOr<Configuration> Read(const TomlTable& root, const std::string& file) {
  Configuration config;
  config.file = file;
  config.data_directory = root.Path("data_directory", "/var/lib/cloister");
  config.spool_directory = root.Path("spool_directory", "/var/spool/cloister");
  ReadListen(root.Table("listen"), &config.listen);
  ReadTls(root.Table("tls"), config.listen.mutual_tls, &config.tls);
  ReadIdentities(root, config.listen.mutual_tls, &config.identities);
  ReadFeeds(root, &config.feeds);
  ReadMetrics(root.Table("metrics"), &config.metrics_address);
  ReadAnswers(root.Table("answers"), &config.answers);
  ReadLimits(root.Table("limits"), &config.limits);
  ReadStorage(root.Table("storage"), &config.storage);
  ReadUpdates(root.Table("updates"), &config.updates);
  ReadProtection(root.Table("protection"), &config.protection);
  const TomlTable log = root.Table("log");
  config.log.level = log.Choice("level", {"debug", "info", "warning", "error"}, "info");
  config.log.json = log.Choice("format", {"text", "json"}, "text") == "json";
  if (absl::Status s = root.Finish(); !s.ok()) return s;
  return config;
}

}  // namespace

bool IsLocalAddress(absl::string_view address) {
  if (absl::StartsWith(address, "unix:")) return true;
  std::optional<HostPort> split = SplitHostPort(address);
  return split && IsLoopbackHost(split->host);
}

absl::StatusOr<Configuration> ReadConfiguration(const std::string& path) {
  absl::StatusOr<TomlTable> root = TomlTable::ReadFile(path);
  if (!root.ok()) return root.status();
  return Read(*root, path);
}

absl::StatusOr<Configuration> ParseConfiguration(absl::string_view text, const std::string& file) {
  absl::StatusOr<TomlTable> root = TomlTable::Parse(text, file);
  if (!root.ok()) return root.status();
  return Read(*root, file);
}

}  // namespace cloister::server
