// Keeps an Updater's trusted files between runs, below one directory:
//   root.json  timestamp.json  snapshot.json  targets.json   what is trusted now
//   N.root.json                                              every root passed, to hand on
//   delegated/<role>.json                                    delegated roles, see RoleFileName
//   clock                                                    latest time seen, to the second

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"

namespace cloister::trust {

// The file that keeps a delegated role's metadata: its name, with every byte but letters, digits,
// '-' and '_' as '%' and two hexadecimal digits, and ".json". So no name leads out of its folder
// or, where that is the directory itself, to another file (a dot is encoded, too).
std::string RoleFileName(absl::string_view role_name);

struct TrustStateOptions {
  bool keeps_passed_roots = true;              // whether to write N.root.json
  std::string delegated_folder = "delegated";  // "": the directory itself, all else in it is ours
  // Called before each file is replaced or removed; an error ends the Save there, as a crash would.
  std::function<absl::Status(const std::string& path)> before_change = nullptr;
};

// Each file is replaced atomically, and in such an order that a crash between two leaves a state
// from which Updater::Create starts soundly: what a new root makes clients forget (5.3.11) goes
// before that root comes; what refuses a rollback stays until its successor takes its place. Not
// thread-safe; one process at a time.
class TrustStateDirectory {
 public:
  // Makes the directory if it is missing; a directory without root.json starts from
  // `initial_root_path`. NotFound, naming both, if there is neither; a root that cannot be read is
  // refused with its file and how to mend it. Other damaged files are fetched again.
  static absl::StatusOr<TrustStateDirectory> Open(const std::string& directory,
                                                  const std::string& initial_root_path,
                                                  const Limits& limits,
                                                  const TrustStateOptions& options = {});

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
  TrustStateDirectory(std::string directory, const Limits& limits, TrustStateOptions options)
      : directory_(std::move(directory)), limits_(limits), options_(std::move(options)) {}

  std::string Path(absl::string_view name) const;
  // Of a role's file, below the directory.
  std::string DelegatedName(const std::string& role) const;
  absl::Status ReadTopLevel();
  absl::Status ReadRoots(const std::vector<std::string>& names);
  absl::Status ReadDelegated();
  absl::Status ReadStart(const std::string& initial_root_path);
  // Whether a root on the way from the one on disk to `root` begins timestamp and snapshot anew.
  bool BeginsAnewWith(const std::string& root) const;
  // Makes the file hold `wanted`, or removes it where that is empty, if it is not so already.
  absl::Status Replace(absl::string_view name, const std::string& wanted, std::string* held);
  absl::Status SaveRoots();
  absl::Status SaveDelegated(const std::map<std::string, std::string>& wanted);

  std::string directory_;
  Limits limits_;
  TrustStateOptions options_;
  TrustedState state_;
  TrustedState on_disk_;
  std::map<uint64_t, std::string> roots_;
  std::map<uint64_t, std::string> roots_on_disk_;
};

}  // namespace cloister::trust
