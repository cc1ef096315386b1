#include "sync/publisher/repository/item_file.h"

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

constexpr size_t kItemsPerChunk = 16 * 1024;  // 0.8 MiB

absl::Status IoError(const std::string& directory, int error) {
  return reputation::Rejected(
      error == ENOSPC ? RejectReason::kNoSpace : RejectReason::kIoError,
      absl::StrCat("sorting in ", directory, ": ", strerror(error),
                   error == ENOSPC ? "; some 110 bytes an entry are needed there" : ""));
}

}  // namespace

absl::StatusOr<SortItem> SortItem::Make(const reputation::LookupKey& key,
                                        const reputation::Record& record) {
  std::string encoded;
  absl::Status status = reputation::EncodeRecord(record, &encoded);
  if (!status.ok()) return status;
  SortItem item;
  item.key_size = static_cast<uint8_t>(key.bytes().size());
  item.record_size = static_cast<uint8_t>(encoded.size());
  memcpy(item.key_bytes.data(), key.bytes().data(), key.bytes().size());
  memcpy(item.record_bytes.data(), encoded.data(), encoded.size());
  return item;
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

ItemReader::ItemReader(std::shared_ptr<const std::vector<SortItem>> items)
    : chunk_(std::move(items)) {}

ItemReader::ItemReader(std::shared_ptr<const ItemFile> file) : file_(std::move(file)) {
  ReadChunk();
}

void ItemReader::ReadChunk() {
  auto chunk = std::make_shared<std::vector<SortItem>>(kItemsPerChunk);
  status_ = file_->Read(next_in_file_, chunk.get());
  next_in_file_ += chunk->size();
  position_ = 0;
  chunk_ = std::move(chunk);
}

void ItemReader::Next() {
  ++position_;
  if (position_ == chunk_->size() && file_ != nullptr) ReadChunk();
}

}  // namespace cloister::publisher
