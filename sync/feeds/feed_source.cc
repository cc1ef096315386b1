#include "sync/feeds/feed_source.h"

namespace cloister::feeds {

FeedSource::FeedSource(std::string path)
    : path_(std::move(path)), opener_([path = path_] { return OpenByteSource(path); }) {}

absl::StatusOr<LineReader> FeedSource::Lines() const {
  absl::StatusOr<std::unique_ptr<ByteSource>> bytes = Bytes();
  if (!bytes.ok()) return bytes.status();
  return LineReader(*std::move(bytes));
}

}  // namespace cloister::feeds
