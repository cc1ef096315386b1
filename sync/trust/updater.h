// The client workflow of The Update Framework 1.0 (section 5.2 to 5.7) over a Fetcher. No files,
// sockets, clocks or threads: the caller brings the reference time and keeps the state.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"

namespace cloister::trust {

// Trusted files as bytes, to be kept between runs. Empty where there is none yet.
struct TrustedState {
  std::string root;  // the newest trusted root; the first one is brought by hand
  std::string timestamp;
  std::string snapshot;
  std::string targets;
  std::map<std::string, std::string> delegated = {};  // by role name, as FindTarget needed them

  friend bool operator==(const TrustedState&, const TrustedState&) = default;
};

struct RefreshOptions {
  absl::Time now;  // one reference time for the whole run (5.1)
  // Take authentic files that expired no longer ago than this, to the instant; `expired()` tells.
  // Zero or less: none.
  absl::Duration accept_expired_within = absl::ZeroDuration();
};

// Not thread-safe.
class Updater {
 public:
  // `state.root` must parse and be signed by its own threshold; other parts of the state that are
  // no longer valid under it are dropped without error.
  static absl::StatusOr<std::unique_ptr<Updater>> Create(const TrustedState& state,
                                                         const Limits& limits);
  ~Updater();

  // Runs root, timestamp, snapshot, targets. On error everything verified up to there is kept in
  // state(), and targets() stay those trusted before (null if a new root no longer vouches for
  // them). Refusals carry a RejectReason; a fetcher's other errors pass through.
  //
  // kRootRotationLimit is not the end: calling again goes on from the roots passed.
  absl::Status Refresh(Fetcher& fetcher, const RefreshOptions& options);

  // The target that the trusted targets role, or a role that it delegates `path` to, lists (5.6.7).
  // Delegated files are fetched as the search comes to them, and kept in state().
  //
  // NotFound where nobody who may speak for `path` lists it; ResourceExhausted where the search
  // goes beyond what Limits allow; FailedPrecondition unless the last Refresh succeeded. A
  // delegated file that is missing or refused ends the search with its reason.
  absl::StatusOr<TargetFile> FindTarget(Fetcher& fetcher, absl::string_view path,
                                        const RefreshOptions& options);

  // What to keep. Valid after Refresh failed, too.
  const TrustedState& state() const;

  // Every root that this run passed, oldest first, as bytes by version: what a mirror hands on.
  const std::map<uint64_t, std::string>& new_roots() const;

  // The newest trusted ones. Null until a Refresh succeeded or the state held them.
  const Root& root() const;
  const Timestamp* timestamp() const;
  const Snapshot* snapshot() const;
  const Targets* targets() const;

  // Whether the last Refresh, or a FindTarget since, took files that had expired.
  bool expired() const;

 private:
  struct State;
  explicit Updater(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// Name of a target's file below targets/ where snapshots are consistent (section 6.2): its path,
// with its SHA-256 (SHA-512 where only that is known) and a dot before the last component.
std::string ConsistentTargetName(absl::string_view path, const TargetFile& target);

// Passes a target to `sink` only as long as it agrees with what is signed; the whole of it agrees
// if and only if the result is OK. kTargetHashMismatch, kTargetTooLarge, kTargetMissing. The sink
// sees bytes before the hash is known, so it must not act on them before.
absl::Status FetchTarget(Fetcher& fetcher, absl::string_view path, const TargetFile& target,
                         const ByteSink& sink);

// The same by the name of the file below targets/: where snapshots are not consistent, that is the
// target's path.
absl::Status FetchTargetFile(Fetcher& fetcher, absl::string_view name, const TargetFile& target,
                             const ByteSink& sink);

// Where the bytes of one target are kept, and what a fetch that broke off left there.
class PartialTarget {
 public:
  virtual ~PartialTarget() = default;
  // Passes every byte that is there, in order.
  virtual absl::Status Replay(const ByteSink& sink) = 0;
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // Begins anew with nothing.
  virtual absl::Status Clear() = 0;
};

// As FetchTarget, but asks only for what is not in `partial` yet. Where the whole is not what is
// signed after a fetch that began in the middle, it is dropped and fetched once more from its
// first byte. What came before the source broke off stays for the next attempt, at any source; of
// content that is wrong nothing stays.
absl::Status ResumeTarget(Fetcher& fetcher, absl::string_view path, const TargetFile& target,
                          PartialTarget& partial);

}  // namespace cloister::trust
