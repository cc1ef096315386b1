#include "sync/trust/updater.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/trusted_metadata.h"

namespace cloister::trust {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

// One metadata file that has to be there.
absl::StatusOr<std::string> Fetch(Fetcher& fetcher, const std::string& name, uint64_t max_bytes) {
  absl::StatusOr<std::string> bytes = fetcher.Metadata(name, max_bytes);
  if (absl::IsNotFound(bytes.status())) {
    return Rejected(RejectReason::kMetadataMissing,
                    absl::StrCat(name, " is not in the repository: ", bytes.status().message()));
  }
  if (bytes.ok() && bytes->size() > max_bytes) {
    return Rejected(RejectReason::kMetadataTooLarge,
                    absl::StrCat(name, " is longer than ", max_bytes, " bytes"));
  }
  return bytes;
}

// How much of a file to take: what its parent states, within the limit (5.5.1, 5.6.1).
absl::StatusOr<uint64_t> BytesToFetch(const FileMeta& meta, const std::string& name,
                                      uint64_t limit) {
  if (meta.length == 0) return limit;
  if (meta.length <= limit) return meta.length;
  return Rejected(RejectReason::kMetadataTooLarge,
                  absl::StrCat(name, " is stated to have ", meta.length, " bytes; at most ", limit,
                               " are read"));
}

template <typename T>
const T* PointerTo(const std::optional<T>& value) {
  return value ? &*value : nullptr;
}

}  // namespace

struct Updater::State {
  TrustedMetadata trusted;
  Limits limits;
  std::map<uint64_t, std::string> new_roots = {};

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
      Fetch(fetcher, "timestamp.json", limits.max_timestamp_bytes);  // 5.4.1
  if (!bytes.ok()) return bytes.status();
  return trusted.UpdateTimestamp(*bytes, options);
}

absl::Status Updater::State::RefreshSnapshot(Fetcher& fetcher, const RefreshOptions& options) {
  absl::StatusOr<bool> keeps = trusted.KeepsSnapshot(options);
  if (!keeps.ok()) return keeps.status();
  if (*keeps) return absl::OkStatus();
  const FileMeta& meta = trusted.snapshot_meta();
  std::string name = absl::StrCat(meta.version, ".snapshot.json");
  absl::StatusOr<uint64_t> max_bytes = BytesToFetch(meta, name, limits.max_snapshot_bytes);
  if (!max_bytes.ok()) return max_bytes.status();
  absl::StatusOr<std::string> bytes = Fetch(fetcher, name, *max_bytes);  // 5.5.1
  if (!bytes.ok()) return bytes.status();
  return trusted.UpdateSnapshot(*bytes, options);
}

absl::Status Updater::State::RefreshTargets(Fetcher& fetcher, const RefreshOptions& options) {
  absl::StatusOr<bool> keeps = trusted.KeepsTargets(options);
  if (!keeps.ok()) return keeps.status();
  if (*keeps) return absl::OkStatus();
  const FileMeta& meta = trusted.targets_meta();
  std::string name = absl::StrCat(meta.version, ".targets.json");
  absl::StatusOr<uint64_t> max_bytes = BytesToFetch(meta, name, limits.max_targets_bytes);
  if (!max_bytes.ok()) return max_bytes.status();
  absl::StatusOr<std::string> bytes = Fetch(fetcher, name, *max_bytes);  // 5.6.1
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
  state_->trusted.ClearExpired();
  if (absl::Status s = state_->RefreshRoot(fetcher, options); !s.ok()) return s;       // 5.3
  if (absl::Status s = state_->RefreshTimestamp(fetcher, options); !s.ok()) return s;  // 5.4
  if (absl::Status s = state_->RefreshSnapshot(fetcher, options); !s.ok()) return s;   // 5.5
  return state_->RefreshTargets(fetcher, options);                                     // 5.6
}

const TrustedState& Updater::state() const { return state_->trusted.state(); }
const std::map<uint64_t, std::string>& Updater::new_roots() const { return state_->new_roots; }
const Root& Updater::root() const { return state_->trusted.root(); }
const Timestamp* Updater::timestamp() const { return PointerTo(state_->trusted.timestamp()); }
const Snapshot* Updater::snapshot() const { return PointerTo(state_->trusted.snapshot()); }
const Targets* Updater::targets() const { return PointerTo(state_->trusted.targets()); }
bool Updater::expired() const { return state_->trusted.expired(); }

}  // namespace cloister::trust
