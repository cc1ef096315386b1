// The configuration of cloister-sync, read from TOML:
//
//   spool_directory = "/var/spool/cloister"       # what cloisterd reads
//   state_directory = "/var/lib/cloister-sync"    # on the same file system
//   reserve_mb = 256                              # disk space to leave free
//   [log]
//   level = "info"                                # debug, info, warning, error
//   format = "text"                               # or json
//   [[feed]]
//   name = "threats"                              # lower-case letters, digits and '-'
//   url = "https://feeds.example/threats/"        # or "file:///srv/mirror/threats/"
//   root = "/etc/cloister/feeds/threats.root.json"
//   poll_interval_s = 300
//   ca_file = "/etc/cloister/feeds-ca.pem"        # instead of the system's authorities
//   proxy = "http://proxy.example:3128"
//   allow_http = false

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/transport/http/base_url.h"

namespace cloister::worker {

struct FeedConfiguration {
  std::string name;
  std::optional<transport::BaseUrl> url;  // either this
  std::string folder;                     // or this
  std::string root;                       // path of the root.json to start trusting from
  absl::Duration poll_interval;
  std::string ca_file;
  std::string proxy;
};

struct LogConfiguration {
  std::string level;
  std::string format;
};

struct Configuration {
  std::string spool_directory;
  std::string state_directory;
  uint64_t reserve_bytes = 0;
  LogConfiguration log;
  std::vector<FeedConfiguration> feeds;
};

// InvalidArgument with one line "file:line: what is wrong and how to mend it" for each mistake.
absl::StatusOr<Configuration> ReadConfiguration(const std::string& path);

// Whether this machine has what the configuration asks for: files that can be read, folders that
// can be written, spool and state on one file system (packs are linked, not copied).
// FailedPrecondition with one line for each thing to mend. Makes the state directory.
absl::Status CheckMachine(const Configuration& configuration);

}  // namespace cloister::worker
