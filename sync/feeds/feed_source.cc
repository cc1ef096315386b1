#include "sync/feeds/feed_source.h"

#include "sync/feeds/spooled_input.h"

namespace cloister::feeds {

FeedSource::FeedSource(std::string path) : path_(std::move(path)) {
  opener_ = [input = std::make_shared<SpooledInput>(
                 path_)]() -> absl::StatusOr<std::unique_ptr<ByteSource>> {
    absl::StatusOr<std::string> path = input->Path();
    if (!path.ok()) return path.status();
    return OpenByteSource(*path);
  };
}

absl::StatusOr<LineReader> FeedSource::Lines() const {
  absl::StatusOr<std::unique_ptr<ByteSource>> bytes = Bytes();
  if (!bytes.ok()) return bytes.status();
  return LineReader(*std::move(bytes));
}

absl::StatusOr<std::string> FeedSource::Begin(size_t size) const {
  absl::StatusOr<std::unique_ptr<ByteSource>> bytes = Bytes();
  if (!bytes.ok()) return bytes.status();
  std::string begin(size, '\0');
  size_t have = 0;
  while (have < size) {
    absl::StatusOr<size_t> read = (*bytes)->Read(begin.data() + have, size - have);
    if (!read.ok()) return read.status();
    if (*read == 0) break;
    have += *read;
  }
  begin.resize(have);
  return begin;
}

}  // namespace cloister::feeds
