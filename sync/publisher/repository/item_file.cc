#include "sync/publisher/repository/item_file.h"

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::publisher {
namespace {

using reputation::RejectReason;

static_assert(std::is_trivially_copyable_v<SortItem>, "items are written as they lie in memory");

constexpr size_t kItemsPerChunk = 16 * 1024;  // some 0.9 MiB

absl::Status IoError(const std::string& directory, int error) {
  return reputation::Rejected(
      error == ENOSPC ? RejectReason::kNoSpace : RejectReason::kIoError,
      absl::StrCat("sorting in ", directory, ": ", strerror(error),
                   error == ENOSPC ? "; some 110 bytes an entry are needed there" : ""));
}

}  // namespace

SortItem SortItem::Make(const reputation::LookupKey& key, const reputation::Record& record,
                        uint16_t source) {
  SortItem item;
  memcpy(item.key_bytes.data(), key.bytes().data(), key.bytes().size());
  item.source = source;
  item.record = record;
  return item;
}

uint64_t SortItem::KeyPrefix() const {
  uint64_t prefix;
  memcpy(&prefix, key_bytes.data(), sizeof(prefix));
  return be64toh(prefix);
}

absl::StatusOr<std::shared_ptr<ItemFile>> ItemFile::Create(const std::string& directory) {
  std::string path = absl::StrCat(directory, "/sort-XXXXXX");
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return IoError(directory, errno);
  unlink(path.c_str());
  return std::shared_ptr<ItemFile>(new ItemFile(fd, directory));
}

ItemFile::~ItemFile() { close(fd_); }

absl::Status ItemFile::Append(const SortItem& item) {
  pending_.push_back(item);
  ++count_;
  return pending_.size() < kItemsPerChunk ? absl::OkStatus() : Flush();
}

absl::Status ItemFile::Flush() {
  const char* bytes = reinterpret_cast<const char*>(pending_.data());
  size_t left = pending_.size() * sizeof(SortItem);
  while (left > 0) {
    const ssize_t written = write(fd_, bytes, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError(directory_, errno);
    bytes += written;
    left -= static_cast<size_t>(written);
  }
  pending_.clear();
  return absl::OkStatus();
}

absl::Status ItemFile::Read(uint64_t first, std::vector<SortItem>* items) const {
  const uint64_t count = std::min<uint64_t>(items->size(), count_ - std::min(first, count_));
  items->resize(count);
  char* bytes = reinterpret_cast<char*>(items->data());
  size_t left = count * sizeof(SortItem);
  uint64_t offset = first * sizeof(SortItem);
  while (left > 0) {
    const ssize_t got = pread(fd_, bytes, left, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return IoError(directory_, got < 0 ? errno : EIO);
    bytes += got;
    offset += static_cast<uint64_t>(got);
    left -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

ItemReader::ItemReader(std::shared_ptr<const ItemFile> file) : file_(std::move(file)) {
  ReadChunk();
}

void ItemReader::ReadChunk() {
  chunk_.resize(kItemsPerChunk);
  status_ = file_->Read(next_in_file_, &chunk_);
  next_in_file_ += chunk_.size();
  position_ = 0;
}

void ItemReader::Next() {
  if (++position_ == chunk_.size()) ReadChunk();
}

}  // namespace cloister::publisher
