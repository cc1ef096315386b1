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
    absl::StatusOr<PackTarget> target = DescribePack(header_, name_, options_.directory, *summary);
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

}  // namespace

absl::StatusOr<PackTarget> DescribePack(const storage::PackHeader& header, const std::string& name,
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

void TellProgress(const PackOptions& options, uint64_t entries) {
  if (options.progress && entries % kEntriesBetweenProgress == 0) options.progress(entries);
}

absl::StatusOr<WrittenPacks> WriteSnapshot(const SortedEntries& entries,
                                           const PackOptions& options) {
  SnapshotWriter writer(options, entries.snapshot_bytes());
  std::unique_ptr<EntryCursor> cursor = entries.NewCursor();
  for (uint64_t done = 1; cursor->Valid(); cursor->Next(), ++done) {
    absl::Status added = writer.Add(cursor->key(), cursor->value());
    if (!added.ok()) return added;
    TellProgress(options, done);
  }
  if (!cursor->status().ok()) return cursor->status();
  return writer.Finish();
}

}  // namespace cloister::publisher
