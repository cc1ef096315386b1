// A download that may break off and go on in another run.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/updater.h"

namespace cloister::worker {

// The file stays where it is when this object goes; who holds one is the only one to write it. What
// a crash left of it is compared with the signed hash like everything else. Not thread-safe.
class PartialFile : public trust::PartialTarget {
 public:
  // Opens or makes it, readable by the owner only. kSpoolForeign if it is a link or no regular
  // file; kNoSpace, kIoError.
  static absl::StatusOr<PartialFile> Open(const std::string& path);
  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&& other) = delete;
  ~PartialFile() override;

  absl::Status Replay(const trust::ByteSink& sink) override;
  absl::Status Append(absl::string_view bytes) override;
  absl::Status Clear() override;

  const std::string& path() const { return path_; }

  // Syncs, renames to `path` in the same folder, syncs the folder.
  absl::Status Commit(const std::string& path, uint32_t mode);
  // For content that is of no use.
  absl::Status Remove();

 private:
  PartialFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
};

}  // namespace cloister::worker
