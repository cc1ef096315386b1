// Fetching one metadata file that has to be there.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/metadata.h"

namespace cloister::trust {

// kMetadataMissing, kMetadataTooLarge, or what else the fetcher says.
absl::StatusOr<std::string> FetchMetadata(Fetcher& fetcher, const std::string& name,
                                          uint64_t max_bytes);

// The file of a role that another file lists: no more of it than is stated there, within `limit`
// (5.5.1, 5.6.1). Its name begins with its version where snapshots are consistent.
absl::StatusOr<std::string> FetchListed(Fetcher& fetcher, const std::string& role_name,
                                        const FileMeta& meta, bool consistent, uint64_t limit);

}  // namespace cloister::trust
