// Lines of a text file that may be compressed, in constant memory.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::feeds {

// Decompressed bytes of a file.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills `buffer` and returns the number of bytes; 0 at the end. DataLoss if the compressed data
  // is damaged or ends early.
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t size) = 0;
  // Bytes of the file itself read so far.
  virtual uint64_t file_bytes() const = 0;
};

// Recognises gzip, bzip2, xz, Zstandard, LZ4 (as apt keeps its lists) and ZIP archives of one file
// by their first bytes, and takes anything else as plain text. NotFound if there is no such file;
// otherwise errors as for OpenPackedSource (packed_source.h).
absl::StatusOr<std::unique_ptr<ByteSource>> OpenByteSource(const std::string& path);

// Not thread-safe.
class LineReader {
 public:
  // What is longer is cut there and marked; no line of a feed is.
  static constexpr size_t kMaxLineBytes = 1 << 20;

  explicit LineReader(std::unique_ptr<ByteSource> source);

  // Moves to the next line; false at the end and on error.
  bool Next();

  // The line without its end (LF or CRLF). Valid until Next.
  absl::string_view line() const { return line_; }
  // Whether the line was cut at kMaxLineBytes.
  bool cut() const { return cut_; }
  // Counted from 1.
  uint64_t number() const { return number_; }
  uint64_t file_bytes() const { return source_->file_bytes(); }
  const absl::Status& status() const { return status_; }

 private:
  bool Fill();
  void Append(absl::string_view piece);

  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  size_t position_ = 0;
  size_t available_ = 0;
  std::string line_;
  bool cut_ = false;
  uint64_t number_ = 0;
  absl::Status status_;
};

}  // namespace cloister::feeds
