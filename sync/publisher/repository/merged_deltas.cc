#include "sync/publisher/repository/merged_deltas.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/pack/version_lookup.h"
#include "sync/publisher/repository/deltas.h"

namespace cloister::publisher {
namespace {

using storage::PackReader;
using trust::PackTarget;

// Looks into a version, which is opened when something is asked of it: most merges never ask.
class LazyBase {
 public:
  LazyBase(uint64_t version, HeldVersions* held) : version_(version), held_(held) {}

  absl::StatusOr<std::optional<std::string>> Find(absl::string_view key) {
    if (lookup_ == nullptr) {
      absl::StatusOr<std::vector<const PackReader*>> packs = held_->Open(version_);
      if (!packs.ok()) return packs.status();
      lookup_ = std::make_unique<storage::VersionLookup>(*packs);
    }
    return lookup_->Find(key);
  }

 private:
  const uint64_t version_;
  HeldVersions* const held_;
  std::unique_ptr<storage::VersionLookup> lookup_;
};

// One merge: of the delta on offer that is `earlier`, and the one just built that is `later`.
absl::StatusOr<std::optional<PackTarget>> Merge(const PackTarget& earlier, const PackTarget& later,
                                                HeldVersions* held, PackOptions options) {
  absl::StatusOr<const PackReader*> first = held->OpenPack(earlier);
  if (!first.ok()) return first.status();
  absl::StatusOr<std::unique_ptr<PackReader>> second =
      PackReader::Open(absl::StrCat(options.directory, "/", later.path), storage::PackLimits());
  if (!second.ok()) return second.status();
  options.from_version = earlier.from_version;
  LazyBase base(earlier.from_version, held);
  const std::unique_ptr<storage::EntryCursor> a = (*first)->NewCursor(/*checksums=*/true);
  const std::unique_ptr<storage::EntryCursor> b = (*second)->NewCursor(/*checksums=*/true);
  return MergeDeltas(
      *a, *b, [&base](absl::string_view key) { return base.Find(key); }, options);
}

}  // namespace

absl::StatusOr<std::vector<PackTarget>> MergeAligned(const std::vector<PackTarget>& offered,
                                                     const PackTarget& newest_step,
                                                     HeldVersions* held,
                                                     const PackOptions& options) {
  const uint64_t newest = newest_step.to_version;
  std::vector<PackTarget> merged;
  for (uint64_t length = 2; newest % length == 0 && length < newest; length *= 2) {
    const uint64_t from = newest - length;
    const uint64_t middle = newest - length / 2;
    const auto half =
        std::find_if(offered.begin(), offered.end(), [from, middle](const PackTarget& pack) {
          return pack.from_version == from && pack.to_version == middle;
        });
    if (half == offered.end() || !ChainTo(from, offered).ok()) break;
    absl::StatusOr<std::optional<PackTarget>> pack =
        Merge(*half, merged.empty() ? newest_step : merged.back(), held, options);
    if (!pack.ok()) return pack.status();
    if (!pack->has_value()) break;
    merged.push_back(**std::move(pack));
  }
  return merged;
}

}  // namespace cloister::publisher
