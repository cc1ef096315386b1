// Where a reader gets its bytes: a file, or what a test made.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

// A source that can be read more than once, from its beginning each time. Not thread-safe.
class FeedSource {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<ByteSource>>()>;

  // What comes through a pipe is kept in a file without a name (spooled_input.h).
  explicit FeedSource(std::string path);
  explicit FeedSource(Opener opener) : opener_(std::move(opener)) {}

  // Unpacked where compressed; errors as for OpenByteSource.
  absl::StatusOr<std::unique_ptr<ByteSource>> Bytes() const { return opener_(); }
  absl::StatusOr<LineReader> Lines() const;
  // Up to `size` of the first bytes, by which formats tell what they were given.
  absl::StatusOr<std::string> Begin(size_t size) const;
  // Empty if it is not a file.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Opener opener_;
};

}  // namespace cloister::feeds
