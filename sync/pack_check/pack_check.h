// Whether a pack is what the signed metadata says. This is where hostile bytes meet a parser: in
// cloister-sync, the process that knows nothing worth stealing, and in cloister-bundle.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/pack_target.h"

namespace cloister::packs {

// Compares the header only: kPackHeaderMismatch, or what PackReader::Open says.
absl::Status CheckPackHeader(const std::string& path, const trust::PackTarget& target,
                             const storage::PackLimits& limits);

// Reads every entry. Beyond what PackReader::Validate says: kPackHeaderMismatch if the header or
// the number of entries differs, kPackUndeclared if there are records of a kind or prefix length
// that is not declared, kDigestMismatch if a snapshot of one part has other contents than signed.
// Returns the digest of what it holds, for CheckSnapshotSum.
absl::StatusOr<storage::ContentDigest> CheckPack(const std::string& path,
                                                 const trust::PackTarget& target,
                                                 const storage::PackLimits& limits);

using DigestOfPack =
    std::function<absl::StatusOr<storage::ContentDigest>(const trust::PackTarget&)>;

// Whether the parts of the snapshot that `chain` begins with hold together what was signed, no more
// and no less: kDigestMismatch otherwise. CheckPack sees to a snapshot of one part, and
// `digest_of` is not asked then.
absl::Status CheckSnapshotSum(const std::vector<trust::PackTarget>& chain,
                              const DigestOfPack& digest_of);

}  // namespace cloister::packs
