#include "sync/publisher/repository/deltas.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/pack/pack_writer.h"

namespace cloister::publisher {
namespace {

using storage::EntryCursor;
using storage::PackWriter;
using trust::PackTarget;

// A delta in the making; given up when it grows too large.
class DeltaWriter {
 public:
  explicit DeltaWriter(const PackOptions& options) : options_(options) {
    header_.feed = options.feed;
    header_.from_version = options.from_version;
    header_.to_version = options.to_version;
    name_ = absl::StrCat("delta-", options.from_version, "-", options.to_version, ".sst");
  }

  absl::Status Put(absl::string_view key, absl::string_view value) {
    absl::Status ready = Prepare();
    if (!ready.ok() || writer_ == nullptr) return ready;
    return writer_->AddEntry(key, value);
  }

  absl::Status Remove(absl::string_view key) {
    absl::Status ready = Prepare();
    if (!ready.ok() || writer_ == nullptr) return ready;
    return writer_->RemoveEntry(key);
  }

  // Makes the file even if there is no entry.
  absl::Status Begin() { return Prepare(); }

  absl::StatusOr<std::optional<PackTarget>> Finish() {
    if (writer_ == nullptr) return std::nullopt;
    absl::StatusOr<storage::PackSummary> summary = writer_->Finish();
    if (!summary.ok()) return summary.status();
    absl::StatusOr<PackTarget> target = DescribePack(header_, name_, options_.directory, *summary);
    if (!target.ok()) return target.status();
    if (target->bytes <= options_.max_delta_bytes) return *std::move(target);
    std::filesystem::remove(Path());
    return std::nullopt;
  }

 private:
  std::string Path() const { return absl::StrCat(options_.directory, "/", name_); }

  // The file is made with the first entry, so that a version without changes makes none.
  absl::Status Prepare() {
    if (given_up_) return absl::OkStatus();
    if (writer_ == nullptr) {
      absl::StatusOr<std::unique_ptr<PackWriter>> writer = PackWriter::Create(Path(), header_);
      if (!writer.ok()) return writer.status();
      writer_ = *std::move(writer);
    } else if (writer_->bytes() > options_.max_delta_bytes) {
      given_up_ = true;
      writer_ = nullptr;
      std::filesystem::remove(Path());
    }
    return absl::OkStatus();
  }

  const PackOptions& options_;
  storage::PackHeader header_;
  std::string name_;
  std::unique_ptr<PackWriter> writer_;
  bool given_up_ = false;
};

// Which of two cursors has the smaller key: below 0 the first, above 0 the second, 0 both.
int Order(const EntryCursor& a, const EntryCursor& b) {
  if (!a.Valid()) return 1;
  return b.Valid() ? a.key().compare(b.key()) : -1;
}

// One step of the walk over both versions: what the smaller of the two keys needs.
absl::Status DeltaStep(EntryCursor& before, EntryCursor& after, WrittenDelta* delta,
                       DeltaWriter* writer) {
  const int order = Order(before, after);
  absl::Status status;
  if (order < 0) {
    ++delta->removed;
    status = writer->Remove(before.key());
  } else if (order > 0) {
    ++delta->added;
    status = writer->Put(after.key(), after.value());
  } else if (before.value() != after.value()) {
    ++delta->changed;
    status = writer->Put(after.key(), after.value());
  }
  if (order >= 0) delta->digest.Add(after.key(), after.value());
  if (order <= 0) before.Next();
  if (order >= 0) after.Next();
  return status;
}

// An entry of a delta as it is.
absl::Status Copy(const EntryCursor& entry, DeltaWriter* writer) {
  if (storage::IsRemoval(entry.key(), entry.value())) return writer->Remove(entry.key());
  return writer->Put(entry.key(), entry.value());
}

// An entry that both deltas have: the later one counts, if it changes anything in the base.
absl::Status CopyIfItChanges(const EntryCursor& entry, const FindInBase& find_in_base,
                             DeltaWriter* writer) {
  absl::StatusOr<std::optional<std::string>> old = find_in_base(entry.key());
  if (!old.ok()) return old.status();
  const bool removal = storage::IsRemoval(entry.key(), entry.value());
  const bool changes =
      removal ? old->has_value() : !old->has_value() || absl::string_view(**old) != entry.value();
  return changes ? Copy(entry, writer) : absl::OkStatus();
}

absl::Status MergeStep(EntryCursor& earlier, EntryCursor& later, const FindInBase& find_in_base,
                       DeltaWriter* writer) {
  const int order = Order(earlier, later);
  absl::Status status = order == 0 ? CopyIfItChanges(later, find_in_base, writer)
                                   : Copy(order < 0 ? earlier : later, writer);
  if (order <= 0) earlier.Next();
  if (order >= 0) later.Next();
  return status;
}

}  // namespace

absl::StatusOr<WrittenDelta> WriteDelta(EntryCursor& before, EntryCursor& after,
                                        const PackOptions& options) {
  WrittenDelta delta;
  DeltaWriter writer(options);
  for (uint64_t done = 1; before.Valid() || after.Valid(); ++done) {
    absl::Status stepped = DeltaStep(before, after, &delta, &writer);
    if (!stepped.ok()) return stepped;
    TellProgress(options, done);
  }
  if (!before.status().ok()) return before.status();
  if (!after.status().ok()) return after.status();
  absl::StatusOr<std::optional<PackTarget>> pack = writer.Finish();
  if (!pack.ok()) return pack.status();
  delta.pack = *std::move(pack);
  return delta;
}

absl::StatusOr<std::optional<PackTarget>> MergeDeltas(EntryCursor& earlier, EntryCursor& later,
                                                      const FindInBase& find_in_base,
                                                      const PackOptions& options) {
  DeltaWriter writer(options);
  absl::Status status = writer.Begin();
  for (uint64_t done = 1; status.ok() && (earlier.Valid() || later.Valid()); ++done) {
    status = MergeStep(earlier, later, find_in_base, &writer);
    TellProgress(options, done);
  }
  if (!status.ok()) return status;
  if (!earlier.status().ok()) return earlier.status();
  if (!later.status().ok()) return later.status();
  return writer.Finish();
}

}  // namespace cloister::publisher
