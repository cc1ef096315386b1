// Whether a pack is what the signed metadata says. This is where hostile bytes meet a parser: in
// cloister-sync, the process that knows nothing worth stealing, and in cloister-bundle.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/pack_target.h"

namespace cloister::packs {

// Compares the header only: kPackHeaderMismatch, or what PackReader::Open says.
absl::Status CheckPackHeader(const std::string& path, const trust::PackTarget& target,
                             const storage::PackLimits& limits);

// Reads every entry. Beyond what PackReader::Validate says: kPackHeaderMismatch if the header or
// the number of entries differs, kPackUndeclared if there are records of a kind or prefix length
// that is not declared, kDigestMismatch if a snapshot of one part has other contents than signed.
absl::Status CheckPack(const std::string& path, const trust::PackTarget& target,
                       const storage::PackLimits& limits);

}  // namespace cloister::packs
