// Writes a bundle: the same index and files always make the same bytes.

#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/bundle/bundle_index.h"
#include "sync/trust/fetcher.h"

namespace cloister::bundle {

enum class Compression {
  kNone,  // packs are made of hashes, which do not get smaller
  kZstandard,
};

// Passes the bytes of one member to the sink.
using MemberBytes = std::function<absl::Status(const BundleMember&, const trust::ByteSink&)>;

// Passes the bundle to `out`, asking for the bytes of each member in the order of the index.
// InvalidArgument for an index that DecodeIndex would refuse, FailedPrecondition if a member has
// another length than the index says, and what `members` and `out` return.
absl::Status WriteBundle(const BundleIndex& index, Compression compression,
                         const MemberBytes& members, const trust::ByteSink& out);

}  // namespace cloister::bundle
