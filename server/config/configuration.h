// What cloisterd is told in its configuration file (deploy/cloisterd.toml shows all of it).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/auth/role.h"

namespace cloister::server {

struct ListenConfig {
  // "host:port" (port 0: chosen by the kernel) or "unix:/path".
  std::string address = "127.0.0.1:7447";
  bool mutual_tls = true;  // otherwise plaintext: loopback or unix socket only
};

// Paths of PEM files; empty where TLS is off.
struct TlsConfig {
  std::string certificate;
  std::string key;
  std::string client_ca;
};

// How a feed's updates are taken.
struct UpdatePolicy {
  bool manual = false;                             // download and verify; an operator accepts
  absl::Duration hold_off = absl::ZeroDuration();  // serve a version this long after it came
  double max_changed_share = 0.3;                  // of the records; 1: no limit
  uint64_t max_changed_records = 1000;             // fewer never hold, whatever their share
};

struct FeedConfig {
  std::string name;
  std::string root;  // path of the root.json to start trusting from
  int priority = 50;
  bool authoritative = false;
  UpdatePolicy updates;
};

struct AnswersConfig {
  absl::Duration listed_ttl = absl::Seconds(300);
  absl::Duration not_listed_ttl = absl::Seconds(60);
};

struct LimitsConfig {
  uint32_t max_batch_keys = 100'000;
  uint32_t max_message_bytes = 4u << 20;
  uint64_t memory_bytes = 1ull << 30;      // for requests and answers in flight
  uint32_t max_concurrent_streams = 1024;  // calls in flight on one connection
};

struct StorageConfig {
  uint64_t block_cache_bytes = 64ull << 20;
  uint32_t kept_versions = 3;
  uint64_t reserve_bytes = 256ull << 20;
};

struct UpdatesConfig {
  absl::Duration poll_interval = absl::Milliseconds(250);
  // How long ago authentic metadata may have expired that came in an offline bundle. Zero: refused.
  absl::Duration accept_expired_within = absl::ZeroDuration();
  // Where bundles that operators upload are put for cloister-sync to import; empty: none are taken.
  std::string inbox_directory;
  uint64_t max_bundle_bytes = 16ull << 30;
  uint64_t fold_bytes_per_second = 64ull << 20;  // 0: no limit
};

// Where protected objects come from.
struct ProtectionConfig {
  std::vector<std::string> own_domains;    // "bank.example": the name and everything below it
  std::vector<std::string> own_networks;   // "198.51.100.0/24"
  std::vector<std::string> warning_lists;  // files or folders of MISP warning lists (list.json)
  bool public_suffixes = true;             // "co.uk", "github.io": many share them
  bool shared_hosts = true;                // "github.com", "dropbox.com": pages of many on one host
  bool private_networks = true;            // RFC 1918, 3927, 4193, 4291, 5735, 6598 …
};

struct LogConfig {
  std::string level = "info";
  bool json = false;
};

struct Configuration {
  std::string file;  // where it was read from
  std::string data_directory;
  std::string spool_directory;
  ListenConfig listen;
  TlsConfig tls;
  std::vector<Identity> identities;
  std::vector<FeedConfig> feeds;
  std::string metrics_address;  // "host:port"; empty: off
  AnswersConfig answers;
  LimitsConfig limits;
  StorageConfig storage;
  UpdatesConfig updates;
  ProtectionConfig protection;
  LogConfig log;
};

// Reads the file. InvalidArgument lists every mistake on a line of its own, "file:line: what is
// wrong and how to mend it"; NotFound or PermissionDenied if the file cannot be read. Certificates
// and roots are looked at when the daemon starts, not here.
absl::StatusOr<Configuration> ReadConfiguration(const std::string& path);

// The same from text; `file` is what mistakes name.
absl::StatusOr<Configuration> ParseConfiguration(absl::string_view text, const std::string& file);

// Whether `address` (as ListenConfig has it) can be reached from this machine only.
bool IsLocalAddress(absl::string_view address);

}  // namespace cloister::server
