// Keeps an Updater's trusted files between runs, below one directory:
//   root.json  timestamp.json  snapshot.json  targets.json   what is trusted now
//   N.root.json                                              every root passed, to hand on
//   clock                                                    latest time seen, to the second

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"

namespace cloister::trust {

// Each file is replaced atomically; what a new root stopped trusting goes before that root comes,
// and what it vouches for comes after, so that a crash between two leaves a state from which
// Updater::Create starts soundly. Not thread-safe; one process at a time.
class TrustStateDirectory {
 public:
  // Makes the directory if it is missing; a directory without root.json starts from
  // `initial_root_path`. NotFound, naming both, if there is neither.
  static absl::StatusOr<TrustStateDirectory> Open(const std::string& directory,
                                                  const std::string& initial_root_path,
                                                  const Limits& limits);

  // As kept on disk.
  const TrustedState& state() const { return state_; }
  // All roots known, by version, as bytes.
  const std::map<uint64_t, std::string>& roots() const { return roots_; }

  // Writes what differs from the disk.
  absl::Status Save(const TrustedState& state, const std::map<uint64_t, std::string>& new_roots);

  // The later of `now` and the latest time ever passed here, so that a clock set back cannot make
  // expired metadata valid again. Remembers it. After a clock that ran ahead was put right, the
  // file "clock" has to be removed by hand; DataLoss if it is unreadable.
  absl::StatusOr<absl::Time> MonotonicTime(absl::Time now);

 private:
  explicit TrustStateDirectory(std::string directory) : directory_(std::move(directory)) {}

  std::string Path(absl::string_view name) const;
  absl::Status ReadRoots(const Limits& limits);
  absl::Status SaveRoots();

  std::string directory_;
  TrustedState state_;
  TrustedState on_disk_;
  std::map<uint64_t, std::string> roots_;
  std::map<uint64_t, std::string> roots_on_disk_;
};

}  // namespace cloister::trust
