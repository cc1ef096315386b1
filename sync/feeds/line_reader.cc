#include "sync/feeds/line_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cloister::feeds {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), buffer_(kBufferBytes, '\0') {}

bool LineReader::Fill() {
  absl::StatusOr<size_t> read = source_->Read(buffer_.data(), buffer_.size());
  position_ = 0;
  available_ = read.ok() ? *read : 0;
  if (!read.ok()) status_ = read.status();
  return available_ > 0;
}

void LineReader::Append(absl::string_view piece) {
  const size_t room = kMaxLineBytes - line_.size();
  cut_ = cut_ || piece.size() > room;
  line_.append(piece.data(), std::min(piece.size(), room));
}

bool LineReader::Next() {
  line_.clear();
  cut_ = false;
  if (!status_.ok()) return false;
  bool any = false;
  while (position_ < available_ || Fill()) {
    any = true;
    const char* begin = buffer_.data() + position_;
    const size_t left = available_ - position_;
    const void* end = memchr(begin, '\n', left);
    const size_t size = end != nullptr ? static_cast<const char*>(end) - begin : left;
    Append({begin, size});
    position_ += size;
    if (end == nullptr) continue;
    ++position_;
    break;
  }
  if (!any || !status_.ok()) return false;
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  ++number_;
  return true;
}

}  // namespace cloister::feeds
