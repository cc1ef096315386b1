// Bundles and roots as files.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/bundle/byte_source.h"
#include "sync/bundle/cli/arguments.h"

namespace cloister::bundle {

// A bundle opened for reading. Not thread-safe.
class BundleFile {
 public:
  // NotFound or another error that names the path; a link is followed, for the user named it.
  static absl::StatusOr<BundleFile> Open(const std::string& path);
  BundleFile(BundleFile&& other) noexcept;
  BundleFile& operator=(BundleFile&& other) = delete;
  ~BundleFile();

  // Its bytes from the beginning. The file must outlive the source.
  ByteSource Bytes();
  uint64_t size() const { return size_; }

 private:
  BundleFile(std::string path, int fd, uint64_t size)
      : path_(std::move(path)), fd_(fd), size_(size) {}

  std::string path_;
  int fd_;
  uint64_t size_;
};

// The root that the user gave for `feed`, as bytes; "" if none was given.
absl::StatusOr<std::string> RootFor(const Arguments& arguments, const std::string& feed);

// A private folder below `parent` that vanishes at the end.
class WorkFolder {
 public:
  static absl::StatusOr<WorkFolder> Make(const std::string& parent);
  WorkFolder(WorkFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  WorkFolder& operator=(WorkFolder&& other) = delete;
  ~WorkFolder();

  const std::string& path() const { return path_; }

 private:
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace cloister::bundle
