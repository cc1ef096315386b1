#include "sync/bundle/unpacked_bytes.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kBlockBytes = 128 * 1024;  // a multiple of a sector
// Room around the members: headers, padding, the end of the archive.
constexpr uint64_t kOverheadPerMember = 2 * UnpackedBytes::kSector;

absl::string_view ErrorOf(archive* archive) {
  const char* text = archive_error_string(archive);
  return text == nullptr ? "cannot be read" : text;
}

}  // namespace

struct UnpackedBytes::Callbacks {
  static la_ssize_t Read(archive* archive, void* data, const void** buffer) {
    auto* self = static_cast<UnpackedBytes*>(data);
    absl::StatusOr<size_t> n = self->source_(self->compressed_.get(), kBlockBytes);
    if (!n.ok()) {
      self->source_status_ = n.status();
      archive_set_error(archive, EIO, "cannot be read");
      return ARCHIVE_FATAL;
    }
    self->compressed_bytes_ += *n;
    *buffer = self->compressed_.get();
    return static_cast<la_ssize_t>(*n);
  }
};

UnpackedBytes::UnpackedBytes(ByteSource source, const BundleLimits& limits)
    : source_(std::move(source)),
      limits_(limits),
      archive_(archive_read_new()),
      compressed_(new char[kBlockBytes]),
      buffer_(new char[kBlockBytes]),
      max_bytes_(limits.max_total_bytes + limits.max_index_bytes +
                 kOverheadPerMember * (limits.max_members + uint64_t{32})) {}

UnpackedBytes::~UnpackedBytes() { archive_read_free(archive_); }

absl::StatusOr<std::unique_ptr<UnpackedBytes>> UnpackedBytes::Open(ByteSource source,
                                                                   const BundleLimits& limits) {
  std::unique_ptr<UnpackedBytes> bytes(new UnpackedBytes(std::move(source), limits));
  if (absl::Status s = bytes->Start(); !s.ok()) return s;
  return bytes;
}

absl::Status UnpackedBytes::Start() {
  // "raw" is one file of whatever bytes there are; "empty" none at all.
  archive_read_support_filter_zstd(archive_);
  archive_read_support_format_raw(archive_);
  archive_read_support_format_empty(archive_);
  if (archive_read_open(archive_, this, nullptr, Callbacks::Read, nullptr) != ARCHIVE_OK) {
    return ReadFailed();
  }
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_, &entry);
  if (result == ARCHIVE_EOF) {
    return Rejected(RejectReason::kBundleTruncated, "the bundle is empty");
  }
  if (result != ARCHIVE_OK) return ReadFailed();
  // One filter is the file itself.
  if (archive_filter_count(archive_) > 2) {
    return Rejected(RejectReason::kBundleMalformed,
                    "it is compressed more than once; compress the tar file once or not at all");
  }
  return absl::OkStatus();
}

absl::Status UnpackedBytes::ReadFailed() const {
  if (!source_status_.ok()) return source_status_;
  const absl::string_view error = ErrorOf(archive_);
  const bool truncated = absl::StrContains(error, "runcated");
  return Rejected(truncated ? RejectReason::kBundleTruncated : RejectReason::kBundleMalformed,
                  absl::StrCat("cannot be decompressed: ", error));
}

absl::Status UnpackedBytes::CheckBounds(uint64_t unpacked) const {
  if (unpacked > max_bytes_) {
    return Rejected(
        RejectReason::kBundleTooLarge,
        absl::StrCat("goes on after ", max_bytes_, " bytes, which is all that it may unpack to"));
  }
  const uint64_t beyond =
      unpacked > limits_.free_expansion_bytes ? unpacked - limits_.free_expansion_bytes : 0;
  if (beyond / std::max<uint64_t>(limits_.max_expansion, 1) <= compressed_bytes_) {
    return absl::OkStatus();
  }
  return Rejected(
      RejectReason::kBundleTooLarge,
      absl::StrCat(compressed_bytes_, " bytes unpack to ", unpacked, " and more, at most ",
                   limits_.max_expansion, " for each are taken"));
}

absl::Status UnpackedBytes::Fill(size_t* filled) {
  *filled = 0;
  while (*filled < kBlockBytes) {
    const la_ssize_t n =
        archive_read_data(archive_, buffer_.get() + *filled, kBlockBytes - *filled);
    if (n < 0) return ReadFailed();
    if (n == 0) break;
    *filled += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> UnpackedBytes::Next() {
  if (!status_.ok()) return status_;
  offset_ += block_.size();
  size_t filled = 0;
  // Bytes in front of an error are not handed out: nothing good can come of them.
  status_ = at_end_ ? absl::OkStatus() : Fill(&filled);
  if (status_.ok()) status_ = CheckBounds(offset_ + filled);
  block_ = status_.ok() ? absl::string_view(buffer_.get(), filled) : absl::string_view();
  at_end_ = filled < kBlockBytes;
  ran_out_ = filled == 0;
  if (!status_.ok()) return status_;
  return block_;
}

absl::string_view UnpackedBytes::Sector(uint64_t offset) const {
  if (offset < offset_ || offset - offset_ >= block_.size()) return {};
  return block_.substr(offset - offset_, kSector);
}

}  // namespace cloister::bundle
