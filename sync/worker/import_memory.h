// Which bundles were looked at already, so that each is imported once, restarts included.

#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust_state/inbox.h"

namespace cloister::worker {

// A file as it lies in an inbox. Another size or time of change makes it another.
struct InboxFile {
  std::string directory;
  std::string name;
  uint64_t bytes = 0;
  uint64_t modified_ns = 0;  // since 1970; whatever a file system says, modulo 2^64

  friend bool operator==(const InboxFile&, const InboxFile&) = default;
};

// A file of JSON, replaced atomically with each change. Not thread-safe.
class ImportMemory {
 public:
  static constexpr size_t kMostEntries = 4096;

  // An unreadable file counts as empty: a bundle that is imported again changes nothing.
  static absl::StatusOr<ImportMemory> Open(const std::string& path,
                                           size_t most_entries = kMostEntries);

  bool Knows(const InboxFile& file) const;
  // Beyond the most entries the oldest is forgotten.
  absl::Status Remember(const InboxFile& file, const trust::BundleImport& outcome);
  // Those that were refused for `reason`.
  absl::Status Forget(absl::string_view reason);
  // The last one that was not refused and had `feed` in it.
  absl::Status ForgetLastOf(absl::string_view feed);

 private:
  struct Entry {
    InboxFile file;
    std::string sha256;  // for people
    std::string reason;
    std::vector<std::string> feeds;  // that were taken from it, or known already
  };

  ImportMemory(std::string path, size_t most_entries)
      : path_(std::move(path)), most_entries_(most_entries) {}
  void Read(absl::string_view text);
  absl::Status Write() const;

  std::string path_;
  size_t most_entries_;
  std::list<Entry> entries_;  // oldest first
};

}  // namespace cloister::worker
