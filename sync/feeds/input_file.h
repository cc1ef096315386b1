// A file as it lies on disk, read block by block.

#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::feeds {

// Not thread-safe.
class InputFile {
 public:
  // NotFound if there is none, FailedPrecondition if it cannot be opened; says why.
  static absl::StatusOr<InputFile> Open(const std::string& path);

  // Has something pending unless the file has ended. DataLoss if it cannot be read.
  absl::Status Fill();
  // What was read and not consumed. Valid until Fill.
  absl::string_view pending() const { return {buffer_.data() + position_, size_ - position_}; }
  void Consume(size_t count) { position_ += count; }

  const std::string& path() const { return path_; }
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  InputFile(FILE* file, std::string path);

  std::unique_ptr<FILE, int (*)(FILE*)> file_;
  std::string path_;
  std::string buffer_;
  size_t position_ = 0;
  size_t size_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace cloister::feeds
