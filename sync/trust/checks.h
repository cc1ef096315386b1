// The single checks of the client workflow: pure functions over parsed files, each refusing with
// its own reason. `name` is a role's, for messages.

#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/trust/metadata.h"

namespace cloister::trust {

// Who may sign a file: keys, the role that names some of them, and who says so, for messages.
// Borrows all of it.
struct Voucher {
  const std::map<std::string, PublicKey>& keys;
  const RoleKeys& role;
  std::string says;
};

Voucher RootFor(const Root& root, Role role);

// 5.3.11: whether the next root after `before` takes the right to sign timestamp or snapshot from
// a key. Whoever had that key may have signed the highest versions there are, so those two files
// are forgotten then.
bool BeginsAnew(const Root& before, const Root& after);

// Section 4.3: as many valid signatures of distinct keys as the threshold. kMetadataThreshold.
absl::Status CheckThreshold(absl::string_view name, const SignedFile& file, const Voucher& voucher);

absl::Status Rollback(absl::string_view name, absl::string_view what, uint64_t offered,
                      uint64_t trusted);

// 5.5.2 and 5.6.2: length and all known hashes, as far as they are stated.
bool HasStatedBytes(const FileMeta& meta, absl::string_view bytes);
absl::Status CheckStatedBytes(absl::string_view name, const FileMeta& meta,
                              absl::string_view bytes);

// 5.5.4 and 5.6.4.
absl::Status CheckStatedVersion(absl::string_view name, const FileMeta& meta, uint64_t version);

// 5.5.5: nothing that was listed may become older or vanish, delegated files included.
absl::Status CheckSnapshotRollback(const Snapshot& trusted, const Snapshot& offered);

}  // namespace cloister::trust
