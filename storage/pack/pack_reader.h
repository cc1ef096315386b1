// Reads packs: one by itself, or several laid over each other as a version.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/pack/pack_format.h"

namespace cloister::storage {

// Walks records and labels in rising order of their keys. Check status() when Valid()
// turns false. Views are valid until Next. Not thread-safe.
class EntryCursor {
 public:
  virtual ~EntryCursor() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual absl::string_view key() const = 0;
  virtual absl::string_view value() const = 0;
  virtual absl::Status status() const = 0;
};

// The same, from any key on.
class SeekableCursor : public EntryCursor {
 public:
  // Moves to the first entry whose key is not below `key`, which is one that entries can have.
  virtual void Seek(absl::string_view key) = 0;
};

// Whether an entry removes its key: a REMOVED record or an empty label.
bool IsRemoval(absl::string_view key, absl::string_view value);

// An opened pack. Thread-safe; each cursor belongs to one thread and must not outlive the reader.
class PackReader {
 public:
  // Reads the file through to see that it is shaped as PackWriter makes it, so that neither this
  // reader nor the database that ingests it can be led astray by it; contents and checksums are
  // left to Validate. kPackUnreadable if it is not an SST file or broken, kPackForeign if it holds
  // anything but plain entries in bytewise order, kPackLimit if it is too large,
  // kPackHeaderMismatch without header.
  static absl::StatusOr<std::unique_ptr<PackReader>> Open(const std::string& path,
                                                          const PackLimits& limits);
  ~PackReader();

  const PackHeader& header() const;

  // `checksums`: verify each block's checksum as it is read.
  std::unique_ptr<EntryCursor> NewCursor(bool checksums) const;
  // For single entries: reads no more than it needs, and checks checksums.
  std::unique_ptr<SeekableCursor> NewSeekableCursor() const;

  // Reads everything with checksums: every lookup key, label and record, order and limits;
  // removals only in deltas. kPackBadKey, kPackBadRecord, kPackForeign, kPackLimit or
  // kPackUnreadable with the entry's number.
  // `progress`, if set, is called now and then with the number of entries read.
  absl::StatusOr<PackSummary> Validate(
      const std::function<void(uint64_t)>& progress = nullptr) const;

 private:
  struct State;
  explicit PackReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// The entries of a version: `packs` in order, later ones over earlier ones, removals taken out.
// The readers must outlive the cursor.
std::unique_ptr<EntryCursor> NewVersionCursor(const std::vector<const PackReader*>& packs);

// Several deltas, each from where the one before it ends, as one: removals stay in. As above.
std::unique_ptr<EntryCursor> NewMergedDeltaCursor(const std::vector<const PackReader*>& deltas);

}  // namespace cloister::storage
