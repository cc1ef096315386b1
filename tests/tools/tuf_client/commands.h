// What the client does: the commands of the conformance protocol of The Update Framework
// (github.com/theupdateframework/tuf-conformance, CLIENT-CLI.md).

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cloister::tuf_client {

struct Arguments {
  std::string metadata_dir;
  std::string trusted_root;
  std::string metadata_url;
  std::string target_base_url;
  std::string target_dir;
  std::vector<std::string> target_names;
};

// Trusts the root in the file `trusted_root`: <metadata_dir>/root.json.
absl::Status Init(const Arguments& arguments);

// Brings the trusted metadata up to date.
absl::Status Refresh(const Arguments& arguments, absl::Time now);

// The same, and fetches targets that are not there yet as <target_dir>/<percent-encoded path>.
absl::Status Download(const Arguments& arguments, absl::Time now);

}  // namespace cloister::tuf_client
