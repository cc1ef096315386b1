#include "sync/publisher/repository/version_packs.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/pack/pack_writer.h"

namespace cloister::publisher {
namespace {

using storage::EntryCursor;
using storage::PackWriter;
using trust::PackTarget;

constexpr uint64_t kEntriesBetweenProgress = 1 << 16;
// Every part holds many entries, so that none stays empty.
constexpr uint64_t kMinPartBytes = 64 * 1024;

// Completes a pack and describes it.
absl::StatusOr<PackTarget> Describe(const storage::PackHeader& header, const std::string& name,
                                    const std::string& directory,
                                    const storage::PackSummary& summary) {
  const std::string path = absl::StrCat(directory, "/", name);
  absl::StatusOr<reputation::Sha256Bytes> hash = storage::Sha256OfFile(path);
  if (!hash.ok()) return hash.status();
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) return absl::InternalError(absl::StrCat(path, ": ", error.message()));

  PackTarget target;
  target.path = name;
  target.sha256 = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash->data()), hash->size()));
  target.bytes = bytes;
  target.feed = header.feed;
  target.from_version = header.from_version;
  target.to_version = header.to_version;
  target.part = header.part;
  target.parts = header.parts;
  target.entries = summary.records + summary.labels;
  return target;
}

// Cuts a stream of entries into the planned number of parts of about equal size.
class SnapshotWriter {
 public:
  SnapshotWriter(const PackOptions& options, uint64_t total_bytes)
      : options_(options), total_bytes_(std::max<uint64_t>(total_bytes, 1)) {
    header_.feed = options.feed;
    header_.to_version = options.to_version;
    header_.part = 0;
    const uint64_t part_bytes = std::max(options.max_part_bytes, kMinPartBytes);
    header_.parts = static_cast<uint32_t>((total_bytes_ + part_bytes - 1) / part_bytes);
  }

  absl::Status Add(absl::string_view key, absl::string_view value) {
    // Entries pass in full before the next part begins, so that no part outgrows its share.
    bytes_ += SortedEntries::BytesInPack(key.size(), value.size());
    const uint64_t end_of_part = total_bytes_ * header_.part / header_.parts;
    if (writer_ == nullptr || (bytes_ > end_of_part && header_.part < header_.parts)) {
      absl::Status begun = BeginPart();
      if (!begun.ok()) return begun;
    }
    return writer_->AddEntry(key, value);
  }

  absl::StatusOr<WrittenPacks> Finish() {
    if (writer_ == nullptr || header_.part != header_.parts) {
      return absl::InternalError("the entries do not fill the parts that were planned for them");
    }
    absl::Status ended = EndPart();
    if (!ended.ok()) return ended;
    return std::move(written_);
  }

 private:
  absl::Status BeginPart() {
    absl::Status ended = EndPart();
    if (!ended.ok()) return ended;
    ++header_.part;
    name_ = absl::StrCat("full-", header_.to_version, "-", header_.part, ".sst");
    absl::StatusOr<std::unique_ptr<PackWriter>> writer =
        PackWriter::Create(absl::StrCat(options_.directory, "/", name_), header_);
    if (!writer.ok()) return writer.status();
    writer_ = *std::move(writer);
    return absl::OkStatus();
  }

  absl::Status EndPart() {
    if (writer_ == nullptr) return absl::OkStatus();
    absl::StatusOr<storage::PackSummary> summary = writer_->Finish();
    if (!summary.ok()) return summary.status();
    writer_ = nullptr;
    written_.digest.Add(summary->digest);
    absl::StatusOr<PackTarget> target = Describe(header_, name_, options_.directory, *summary);
    if (!target.ok()) return target.status();
    written_.packs.push_back(*std::move(target));
    return absl::OkStatus();
  }

  const PackOptions& options_;
  const uint64_t total_bytes_;
  uint64_t bytes_ = 0;  // of the entries so far, by the same estimate as total_bytes_
  storage::PackHeader header_;
  std::string name_;
  std::unique_ptr<PackWriter> writer_;
  WrittenPacks written_;
};

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

  absl::StatusOr<std::optional<PackTarget>> Finish() {
    if (writer_ == nullptr) return std::nullopt;
    absl::StatusOr<storage::PackSummary> summary = writer_->Finish();
    if (!summary.ok()) return summary.status();
    absl::StatusOr<PackTarget> target = Describe(header_, name_, options_.directory, *summary);
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

void MayTell(const PackOptions& options, uint64_t entries) {
  if (options.progress && entries % kEntriesBetweenProgress == 0) options.progress(entries);
}

// One step of the walk over both versions: what the smaller of the two keys needs.
absl::Status DeltaStep(EntryCursor& before, EntryCursor& after, WrittenDelta* delta,
                       DeltaWriter* writer) {
  const int order = !before.Valid() ? 1 : !after.Valid() ? -1 : before.key().compare(after.key());
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

}  // namespace

absl::StatusOr<WrittenPacks> WriteSnapshot(const SortedEntries& entries,
                                           const PackOptions& options) {
  SnapshotWriter writer(options, entries.snapshot_bytes());
  std::unique_ptr<EntryCursor> cursor = entries.NewCursor();
  for (uint64_t done = 1; cursor->Valid(); cursor->Next(), ++done) {
    absl::Status added = writer.Add(cursor->key(), cursor->value());
    if (!added.ok()) return added;
    MayTell(options, done);
  }
  if (!cursor->status().ok()) return cursor->status();
  return writer.Finish();
}

absl::StatusOr<WrittenDelta> WriteDelta(EntryCursor& before, const SortedEntries& entries,
                                        const PackOptions& options) {
  WrittenDelta delta;
  DeltaWriter writer(options);
  std::unique_ptr<EntryCursor> after = entries.NewCursor();
  for (uint64_t done = 1; before.Valid() || after->Valid(); ++done) {
    absl::Status stepped = DeltaStep(before, *after, &delta, &writer);
    if (!stepped.ok()) return stepped;
    MayTell(options, done);
  }
  if (!before.status().ok()) return before.status();
  if (!after->status().ok()) return after->status();
  absl::StatusOr<std::optional<PackTarget>> pack = writer.Finish();
  if (!pack.ok()) return pack.status();
  delta.pack = *std::move(pack);
  return delta;
}

}  // namespace cloister::publisher
