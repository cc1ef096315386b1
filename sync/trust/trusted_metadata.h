// The state machine of the client workflow (The Update Framework 1.0, section 5.3 to 5.6): which
// files are trusted now, and whether a new one may take its predecessor's place. Bytes and a
// reference time in, a decision out; the Updater does the fetching.

#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"
#include "sync/trust/updater.h"

namespace cloister::trust {

// A refused file changes nothing. Every refusal carries a RejectReason. Not thread-safe.
class TrustedMetadata {
 public:
  // From what was kept. The root must be signed by its own threshold; the others are dropped if
  // that root does not vouch for them. Delegated files are judged when they are needed.
  static absl::StatusOr<TrustedMetadata> Create(const TrustedState& kept, const Limits& limits);

  // 5.3.4 to 5.3.8. Also drops what the new root no longer vouches for.
  absl::Status UpdateRoot(absl::string_view bytes);
  // 5.3.10, for the last root of a run.
  absl::Status CheckRoot(const RefreshOptions& options);

  // 5.4.2 to 5.4.5. An equal version is no error, and the trusted file stays.
  absl::Status UpdateTimestamp(absl::string_view bytes, const RefreshOptions& options);

  // 5.5.2 to 5.5.7. Needs a trusted timestamp.
  absl::Status UpdateSnapshot(absl::string_view bytes, const RefreshOptions& options);
  // Whether the trusted snapshot is the one that the trusted timestamp names; if so, checks its
  // expiry.
  absl::StatusOr<bool> KeepsSnapshot(const RefreshOptions& options);

  // 5.6.2 to 5.6.6. Needs a trusted snapshot.
  absl::Status UpdateTargets(absl::string_view bytes, const RefreshOptions& options);
  absl::StatusOr<bool> KeepsTargets(const RefreshOptions& options);

  // 5.6.2 to 5.6.6 for the file of a delegated role, by the word of who delegates to it. Keeps it.
  absl::StatusOr<Targets> UpdateDelegated(const Delegations& delegator, const DelegatedRole& role,
                                          absl::string_view bytes, const RefreshOptions& options);
  // The kept file if it is the one that the trusted snapshot names and `delegator` vouches for; if
  // so, checks its expiry. Nothing if another has to be fetched.
  absl::StatusOr<std::optional<Targets>> KeptDelegated(const Delegations& delegator,
                                                       const DelegatedRole& role,
                                                       const RefreshOptions& options);

  // What the trusted timestamp and snapshot name. Need those.
  const FileMeta& snapshot_meta() const { return timestamp_->snapshot; }
  const FileMeta& targets_meta() const;
  // Null if the trusted snapshot does not list the delegated role.
  const FileMeta* delegated_meta(const std::string& role_name) const;

  const TrustedState& state() const { return state_; }
  const Root& root() const { return root_; }
  const std::optional<Timestamp>& timestamp() const { return timestamp_; }
  const std::optional<Snapshot>& snapshot() const { return snapshot_; }
  const std::optional<Targets>& targets() const { return targets_; }

  // Whether any check since the last ClearExpired passed over an expiry.
  bool expired() const { return expired_; }
  void ClearExpired() { expired_ = false; }

 private:
  explicit TrustedMetadata(const Limits& limits) : limits_(limits) {}

  absl::StatusOr<SignedFile> Verify(absl::string_view bytes, Role role) const;
  absl::StatusOr<Timestamp> VerifiedTimestamp(absl::string_view bytes) const;
  absl::StatusOr<Snapshot> VerifiedSnapshot(absl::string_view bytes) const;
  absl::StatusOr<Targets> VerifiedTargets(absl::string_view bytes) const;
  absl::StatusOr<Targets> VerifiedDelegated(const Delegations& delegator, const DelegatedRole& role,
                                            absl::string_view bytes) const;
  absl::Status CheckExpiry(absl::string_view name, const Common& common,
                           const RefreshOptions& options);
  void Restore(const TrustedState& kept);
  void KeepDelegated(const std::string& role_name, absl::string_view bytes);

  void DropTimestamp();
  void DropSnapshot();
  void DropTargets();

  Limits limits_;
  TrustedState state_;
  Root root_;
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  std::optional<Targets> targets_;
  bool expired_ = false;
};

}  // namespace cloister::trust
