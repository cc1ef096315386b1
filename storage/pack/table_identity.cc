#include "storage/pack/table_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reputation/reject_reason.h"
#include "storage/pack/sst_block.h"

namespace cloister::storage {
namespace {

// As in table_structure.cc: the end of a file, format version 5.
constexpr uint64_t kFooterBytes = 1 + 40 + 4 + 8;
constexpr uint64_t kMaxBlockBytes = 64 << 10;
constexpr char kSessionProperty[] = "rocksdb.creating.session.identity";

// The file that is being rewritten.
class Table {
 public:
  explicit Table(const std::string& path)
      : path_(path), fd_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  ~Table() {
    if (fd_ >= 0) close(fd_);
  }

  absl::Status Rewrite() {
    struct stat info {};
    if (fd_ < 0 || fstat(fd_, &info) != 0) return Failed("open");
    const uint64_t size = static_cast<uint64_t>(info.st_size);
    if (size < kFooterBytes) return Strange("is too short");
    std::string footer;
    if (absl::Status s = Read(size - kFooterBytes, kFooterBytes, &footer); !s.ok()) return s;
    absl::string_view places = absl::string_view(footer).substr(1, 40);
    const std::optional<BlockPlace> meta_index = BlockPlace::Take(&places);
    std::string block;
    if (absl::Status s = ReadBlock(meta_index, size, &block); !s.ok()) return s;
    const std::optional<BlockPlace> properties = PropertiesIn(block);
    if (absl::Status s = ReadBlock(properties, size, &block); !s.ok()) return s;
    if (absl::Status s = Change(&block); !s.ok()) return s;
    return Write(*properties, block);
  }

 private:
  absl::Status Failed(absl::string_view what) const {
    return reputation::Rejected(
        errno == ENOSPC ? reputation::RejectReason::kNoSpace : reputation::RejectReason::kIoError,
        absl::StrCat("cannot ", what, " ", path_, ": ", strerror(errno)));
  }
  absl::Status Strange(absl::string_view what) const {
    return absl::InternalError(absl::StrCat(path_, ", just written, ", what));
  }

  absl::Status Read(uint64_t offset, uint64_t size, std::string* bytes) const {
    bytes->resize(size);
    const ssize_t count = pread(fd_, bytes->data(), size, static_cast<off_t>(offset));
    return count == static_cast<ssize_t>(size) ? absl::OkStatus() : Failed("read");
  }

  // A block without its trailer.
  absl::Status ReadBlock(const std::optional<BlockPlace>& place, uint64_t file_size,
                         std::string* block) const {
    if (!place.has_value() || !place->LiesWithin(file_size) || place->size > kMaxBlockBytes) {
      return Strange("has no properties");
    }
    return Read(place->offset, place->size, block);
  }

  static std::optional<BlockPlace> PropertiesIn(absl::string_view meta_index) {
    BlockEntries entries(meta_index, BlockEntries::Kind::kPlain);
    while (entries.Next()) {
      absl::string_view value = entries.value();
      if (entries.key() == "rocksdb.properties") return BlockPlace::Take(&value);
    }
    return std::nullopt;
  }

  absl::Status Change(std::string* block) const {
    const std::string before = *block;
    int changed = 0;
    BlockEntries entries(before, BlockEntries::Kind::kPlain);
    while (entries.Next()) {
      const absl::string_view value = entries.value();
      const auto place = static_cast<size_t>(value.data() - before.data());
      if (entries.key() == kFileNumberProperty && value.size() == 1) {
        (*block)[place] = '\0';
        ++changed;
      } else if (entries.key() == kSessionProperty) {
        std::fill_n(block->begin() + static_cast<std::ptrdiff_t>(place), value.size(), '0');
        ++changed;
      }
    }
    return entries.good() && changed == 2 ? absl::OkStatus() : Strange("has other properties");
  }

  // Block, and the checksum that follows it and its compression type.
  absl::Status Write(const BlockPlace& place, const std::string& block) const {
    const uint32_t sum = static_cast<uint32_t>(XXH3_64bits(block.data(), block.size()));
    std::string bytes = block;
    bytes.push_back('\0');  // not compressed, which leaves the sum as it is
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(sum >> shift));
    const ssize_t count = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(place.offset));
    if (count != static_cast<ssize_t>(bytes.size()) || fsync(fd_) != 0) return Failed("write");
    return absl::OkStatus();
  }

  const std::string& path_;
  const int fd_;
};

}  // namespace

absl::Status RemoveTableIdentity(const std::string& path) { return Table(path).Rewrite(); }

}  // namespace cloister::storage
