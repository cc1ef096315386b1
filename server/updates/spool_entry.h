// Reads the hand-over folder (sync/trust_state/spool.h) as what it is: files that another process
// wrote and may be altering. Nothing is opened through a link below the spool directory, and only
// regular files are read; anything else is kSpoolForeign.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/trust/fetcher.h"

namespace cloister::server {

// Which entry: its version, and which folder on disk, so that another one that takes its name is
// told apart.
struct SpoolEntryId {
  uint64_t version = 0;
  dev_t device = 0;
  ino_t inode = 0;
  int64_t changed_ns = 0;

  friend bool operator==(const SpoolEntryId&, const SpoolEntryId&) = default;
};

// The complete entries of `feed` with the highest numbers, at most 8 of them, the highest first;
// none if the feed has no folder yet. kSpoolForeign if the feed's folder is not a folder; kIoError.
absl::StatusOr<std::vector<SpoolEntryId>> SpoolEntries(const std::string& spool_directory,
                                                       const std::string& feed);

// One entry, held open: it is read to the end even where it is removed meanwhile. Thread-safe.
class SpoolEntry : public trust::Fetcher {
 public:
  static absl::StatusOr<std::unique_ptr<SpoolEntry>> Open(const std::string& spool_directory,
                                                          const std::string& feed,
                                                          uint64_t version);
  SpoolEntry(const SpoolEntry&) = delete;
  SpoolEntry& operator=(const SpoolEntry&) = delete;
  ~SpoolEntry() override;

  // Besides what Fetcher says: kSpoolForeign for links and the like, kIoError.
  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;

  // OK if there is a regular file targets/<name> of `bytes` bytes. NotFound, kSpoolForeign,
  // kTargetHashMismatch for another length.
  absl::Status CheckTarget(absl::string_view name, uint64_t bytes) const;

  // Whether its file `origin` says that it came in an offline bundle. Anything but that one word in
  // a regular file is online.
  bool offline() const { return offline_; }

 private:
  SpoolEntry(std::string path, int metadata, int targets, bool offline)
      : path_(std::move(path)), metadata_(metadata), targets_(targets), offline_(offline) {}

  std::string path_;  // for messages
  int metadata_;      // descriptors of the two folders
  int targets_;
  bool offline_;
};

}  // namespace cloister::server
