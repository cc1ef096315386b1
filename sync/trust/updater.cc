#include "sync/trust/updater.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/metadata_file.h"
#include "sync/trust/target_search.h"
#include "sync/trust/trusted_metadata.h"

namespace cloister::trust {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

template <typename T>
const T* PointerTo(const std::optional<T>& value) {
  return value ? &*value : nullptr;
}

}  // namespace

struct Updater::State {
  TrustedMetadata trusted;
  Limits limits;
  std::map<uint64_t, std::string> new_roots = {};
  bool refreshed = false;  // whether the last Refresh succeeded

  absl::Status RefreshRoot(Fetcher& fetcher, const RefreshOptions& options);
  absl::Status RefreshTimestamp(Fetcher& fetcher, const RefreshOptions& options);
  absl::Status RefreshSnapshot(Fetcher& fetcher, const RefreshOptions& options);
  absl::Status RefreshTargets(Fetcher& fetcher, const RefreshOptions& options);
};

absl::Status Updater::State::RefreshRoot(Fetcher& fetcher, const RefreshOptions& options) {
  for (uint32_t rotations = 0;; ++rotations) {
    uint64_t version = trusted.root().version + 1;
    absl::StatusOr<std::string> bytes =
        fetcher.Metadata(absl::StrCat(version, ".root.json"), limits.max_root_bytes);
    if (absl::IsNotFound(bytes.status())) break;  // 5.3.3: no newer root
    if (!bytes.ok()) return bytes.status();
    if (rotations >= limits.max_root_rotations) {
      return Rejected(RejectReason::kRootRotationLimit,
                      absl::StrCat("more than ", limits.max_root_rotations,
                                   " new root versions in one update; the next one goes on from ",
                                   version - 1));
    }
    if (absl::Status s = trusted.UpdateRoot(*bytes); !s.ok()) return s;
    new_roots[version] = *std::move(bytes);
  }
  return trusted.CheckRoot(options);
}

absl::Status Updater::State::RefreshTimestamp(Fetcher& fetcher, const RefreshOptions& options) {
  absl::StatusOr<std::string> bytes =
      FetchMetadata(fetcher, "timestamp.json", limits.max_timestamp_bytes);  // 5.4.1
  if (!bytes.ok()) return bytes.status();
  return trusted.UpdateTimestamp(*bytes, options);
}

absl::Status Updater::State::RefreshSnapshot(Fetcher& fetcher, const RefreshOptions& options) {
  absl::StatusOr<bool> keeps = trusted.KeepsSnapshot(options);
  if (!keeps.ok()) return keeps.status();
  if (*keeps) return absl::OkStatus();
  absl::StatusOr<std::string> bytes =
      FetchListed(fetcher, "snapshot", trusted.snapshot_meta(), trusted.root().consistent_snapshot,
                  limits.max_snapshot_bytes);  // 5.5.1
  if (!bytes.ok()) return bytes.status();
  return trusted.UpdateSnapshot(*bytes, options);
}

absl::Status Updater::State::RefreshTargets(Fetcher& fetcher, const RefreshOptions& options) {
  absl::StatusOr<bool> keeps = trusted.KeepsTargets(options);
  if (!keeps.ok()) return keeps.status();
  if (*keeps) return absl::OkStatus();
  absl::StatusOr<std::string> bytes =
      FetchListed(fetcher, "targets", trusted.targets_meta(), trusted.root().consistent_snapshot,
                  limits.max_targets_bytes);  // 5.6.1
  if (!bytes.ok()) return bytes.status();
  return trusted.UpdateTargets(*bytes, options);
}

Updater::Updater(std::unique_ptr<State> state) : state_(std::move(state)) {}
Updater::~Updater() = default;

absl::StatusOr<std::unique_ptr<Updater>> Updater::Create(const TrustedState& state,
                                                         const Limits& limits) {
  absl::StatusOr<TrustedMetadata> trusted = TrustedMetadata::Create(state, limits);
  if (!trusted.ok()) return trusted.status();
  return std::unique_ptr<Updater>(
      new Updater(std::make_unique<State>(State{*std::move(trusted), limits})));
}

absl::Status Updater::Refresh(Fetcher& fetcher, const RefreshOptions& options) {
  state_->refreshed = false;
  state_->trusted.ClearExpired();
  if (absl::Status s = state_->RefreshRoot(fetcher, options); !s.ok()) return s;       // 5.3
  if (absl::Status s = state_->RefreshTimestamp(fetcher, options); !s.ok()) return s;  // 5.4
  if (absl::Status s = state_->RefreshSnapshot(fetcher, options); !s.ok()) return s;   // 5.5
  if (absl::Status s = state_->RefreshTargets(fetcher, options); !s.ok()) return s;    // 5.6
  state_->refreshed = true;
  return absl::OkStatus();
}

absl::StatusOr<TargetFile> Updater::FindTarget(Fetcher& fetcher, absl::string_view path,
                                               const RefreshOptions& options) {
  // Targets of another run, or of another snapshot, may no longer be what is signed.
  if (!state_->refreshed) return absl::FailedPreconditionError("the metadata are not refreshed");
  return SearchTarget(state_->trusted, fetcher, path, options, state_->limits);
}

const TrustedState& Updater::state() const { return state_->trusted.state(); }
const std::map<uint64_t, std::string>& Updater::new_roots() const { return state_->new_roots; }
const Root& Updater::root() const { return state_->trusted.root(); }
const Timestamp* Updater::timestamp() const { return PointerTo(state_->trusted.timestamp()); }
const Snapshot* Updater::snapshot() const { return PointerTo(state_->trusted.snapshot()); }
const Targets* Updater::targets() const { return PointerTo(state_->trusted.targets()); }
bool Updater::expired() const { return state_->trusted.expired(); }

}  // namespace cloister::trust
