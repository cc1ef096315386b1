// The configuration of cloister-sync, read from TOML; deploy/cloister-sync.toml has every setting
// with its default and what it means.

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

// One place that a feed is fetched from.
struct SourceAddress {
  std::optional<transport::BaseUrl> url;  // either this
  std::string folder;                     // or this

  // As it was configured, for people.
  std::string text() const { return url.has_value() ? url->text() : "file://" + folder; }
};

struct FeedConfiguration {
  std::string name;
  std::vector<SourceAddress> sources;  // in the order to try them; none: comes in bundles only
  std::string root;                    // path of the root.json to start trusting from
  absl::Duration poll_interval;
  uint64_t max_bytes_per_second = 0;  // 0: no bound
  std::string ca_file;
  std::string client_certificate;
  std::string client_key;
  std::string proxy;
  std::string proxy_ca_file;
  std::string proxy_user;
  std::string proxy_password_file;
};

// Where bundles come from; sync/trust_state/inbox.h says what they and their folders are.
struct ImportConfiguration {
  std::vector<std::string> folders;
  bool remove_after_import = false;
  absl::Duration poll_interval = absl::Seconds(10);
  absl::Duration accept_expired_within = absl::ZeroDuration();
};

struct LogConfiguration {
  std::string level;
  std::string format;
};

struct Configuration {
  std::string spool_directory;
  std::string state_directory;
  uint64_t reserve_bytes = 0;
  absl::Duration scrub_interval;
  std::string mirror_directory;  // "": none is kept
  bool mirror_all = true;        // every pack on offer, not just those of the chain
  LogConfiguration log;
  ImportConfiguration import;
  std::vector<FeedConfiguration> feeds;
};

// InvalidArgument with one line "file:line: what is wrong and how to mend it" for each mistake.
absl::StatusOr<Configuration> ReadConfiguration(const std::string& path);

// Whether this machine has what the configuration asks for: files that can be read, folders that
// can be written, spool and state on one file system (packs are linked, not copied).
// FailedPrecondition with one line for each thing to mend. Makes the state directory.
absl::Status CheckMachine(const Configuration& configuration);

}  // namespace cloister::worker
