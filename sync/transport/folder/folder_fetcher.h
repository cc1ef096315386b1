// Fetches from a folder with metadata/ and targets/: a mirror's mount, removable media, or an
// entry of the spool.

#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/fetcher.h"

namespace cloister::transport {

// Holds the folder open, so that what is fetched through one object comes from one folder, even
// if its path is given to another meanwhile. Not thread-safe.
//
// Beyond what Fetcher says: kSpoolForeign where a name is a link, a device or anything but a
// regular file; kIoError where reading fails.
class FolderFetcher : public trust::Fetcher {
 public:
  // Unavailable, naming the path, if there is no such folder or it has no metadata/ in it.
  static absl::StatusOr<std::unique_ptr<FolderFetcher>> Open(const std::string& path);
  FolderFetcher(const FolderFetcher&) = delete;
  FolderFetcher& operator=(const FolderFetcher&) = delete;
  ~FolderFetcher() override;

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;
  bool Offers(absl::string_view name) override;

 private:
  FolderFetcher(std::string path, int metadata_fd, int targets_fd)
      : path_(std::move(path)), metadata_fd_(metadata_fd), targets_fd_(targets_fd) {}

  std::string path_;
  int metadata_fd_;
  int targets_fd_;  // -1 if the repository has no targets yet
};

}  // namespace cloister::transport
