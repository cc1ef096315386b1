// A feed's repository on disk, as its publisher sees it:
//
//   publisher.json   name of the feed, how long signatures last, what is retained (read by this
//                    program alone)
//   root-change.json a change of the root that waits for signatures, if there is one
//   metadata/        N.root.json  timestamp.json  N.snapshot.json  N.targets.json
//   targets/         <sha256>.<name> of every pack
//   .building/       packs and sorts in the making; emptied at the start of each run
//   .retired.json    since when nothing names files that wait to be removed
//   .lock            held while a program writes
//
// The folder can be served as it is by any static file server.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/publisher/repository/settings.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

struct InitOptions {
  Settings settings;
  std::map<trust::Role, std::vector<SigningKey>> keys;
  // Keys that others hold. Each role needs one here or there.
  std::map<trust::Role, std::vector<trust::PublicKey>> public_keys;
  uint32_t root_threshold = 1;
  absl::Time now;
};

// What is published. Without a version yet, everything but root is empty.
struct Published {
  trust::Root root;
  std::optional<trust::Timestamp> timestamp;
  std::optional<trust::Snapshot> snapshot;
  std::optional<trust::Targets> targets;
  std::vector<trust::PackTarget> packs;

  uint64_t version() const { return trust::NewestVersion(packs); }
};

// No publisher counts this far: versions from here on were raised by somebody who had a key.
// Clients forget them when the snapshot or timestamp key is replaced (The Update
// Framework 1.0, 5.3.11).
inline constexpr uint64_t kMaxCountedVersion = uint64_t{1} << 32;

// The version after `published`. FailedPrecondition, naming the mend, at kMaxCountedVersion.
absl::StatusOr<uint64_t> VersionAfter(trust::Role role, uint64_t published);

// One process at a time, for as long as it exists. Not thread-safe.
class Repository {
 public:
  // Makes the folders, publisher.json and 1.root.json; or, where the root keys that are there are
  // not enough, a staged root for their holders to sign. AlreadyExists if there is a repository;
  // InvalidArgument if the feed's name is impossible; FailedPrecondition if the threshold is.
  static absl::Status Init(const std::string& path, const InitOptions& options);

  // NotFound if `path` was not made by Init; FailedPrecondition if another process has it open.
  static absl::StatusOr<std::unique_ptr<Repository>> Open(const std::string& path);
  // The same for looking only: takes no lock and changes nothing.
  static absl::StatusOr<std::unique_ptr<Repository>> OpenReadOnly(const std::string& path);

  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;
  ~Repository();

  const std::string& path() const { return path_; }
  const Settings& settings() const { return settings_; }
  // Where a change of the root waits for signatures: staged_root.h.
  std::string staged_root_path() const;
  std::string metadata_directory() const;
  std::string targets_directory() const;
  std::string building_directory() const;
  // Where a pack on offer lies.
  std::string PackPath(const trust::PackTarget& pack) const;
  // Reads the whole pack: OK if it is what was signed; otherwise says how to mend it.
  absl::Status CheckPack(const trust::PackTarget& pack) const;

  // Reads and verifies what is published as any client would, so that a publisher never builds
  // upon altered files; expired signatures are accepted. Errors carry a RejectReason.
  absl::StatusOr<Published> Load(absl::Time now) const;

  // The next version of "snapshot" or "targets": higher than `published`, and than any that ever
  // lay here, even where a run broke off before it was published, since a mirror may have copied
  // it. Files from kMaxCountedVersion on are passed over. FailedPrecondition, naming the mend, if
  // `published` leads there.
  absl::StatusOr<uint64_t> NextMetadataVersion(trust::Role role, uint64_t published) const;

 private:
  Repository(std::string path, Settings settings)
      : path_(std::move(path)), settings_(std::move(settings)) {}
  absl::Status Lock();

  std::string path_;
  Settings settings_;
  int lock_fd_ = -1;
};

}  // namespace cloister::publisher
