#include "sync/bundle/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr uint64_t kSector = UnpackedBytes::kSector;
constexpr uint64_t kEndBytes = 2 * kSector;
// Writers fill up the last record, of 20 sectors as a rule.
constexpr uint64_t kMaxZeros = 20 * kSector + kEndBytes;

uint64_t RoundedUp(uint64_t bytes) { return (bytes + kSector - 1) / kSector * kSector; }

bool AllZero(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// Fields of a header, POSIX.1-1988.
absl::string_view NameField(absl::string_view header) { return header.substr(0, 100); }
char TypeField(absl::string_view header) { return header[156]; }
absl::string_view MagicField(absl::string_view header) { return header.substr(257, 8); }
absl::string_view PrefixField(absl::string_view header) { return header.substr(345, 155); }

const absl::string_view kUstar("ustar\00000", 8);

// Up to the first NUL; nothing may be hidden behind it.
absl::StatusOr<std::string> Text(absl::string_view field) {
  const absl::string_view text = field.substr(0, field.find('\0'));
  if (AllZero(field.substr(text.size()))) return std::string(text);
  return Rejected(RejectReason::kBundlePath, "a file's name has a NUL in it");
}

absl::StatusOr<std::string> NameIn(absl::string_view header) {
  absl::StatusOr<std::string> name = Text(NameField(header));
  if (!name.ok()) return name.status();
  absl::StatusOr<std::string> prefix = Text(PrefixField(header));
  if (!prefix.ok()) return prefix.status();
  if (!prefix->empty()) return absl::StrCat(*prefix, "/", *name);
  return name;
}

absl::Status CheckKind(absl::string_view header) {
  if (MagicField(header) != kUstar) {
    return Rejected(RejectReason::kBundleMalformed,
                    "has a header that is not POSIX.1-1988; write it with tar --format=ustar");
  }
  const char type = TypeField(header);
  if (type == '0') return absl::OkStatus();
  if (type == 'x' || type == 'g') {
    return Rejected(RejectReason::kBundleMalformed,
                    "has extended headers; write it with tar --format=ustar");
  }
  return Rejected(RejectReason::kBundleForeign,
                  "has a link, a device, a folder or something else that is no regular file");
}

}  // namespace

struct TarStream::Callbacks {
  static la_ssize_t Read(archive* archive, void* data, const void** buffer) {
    absl::StatusOr<absl::string_view> block = static_cast<TarStream*>(data)->bytes_->Next();
    if (!block.ok()) {
      archive_set_error(archive, EIO, "cannot be read");
      return ARCHIVE_FATAL;
    }
    *buffer = block->data();
    return static_cast<la_ssize_t>(block->size());
  }
};

TarStream::TarStream(UnpackedBytes* bytes) : bytes_(bytes), archive_(archive_read_new()) {
  archive_read_support_filter_none(archive_);
  archive_read_support_format_tar(archive_);
  // Fails where the first bytes do; Next tells.
  archive_read_open(archive_, this, nullptr, Callbacks::Read, nullptr);
}

TarStream::~TarStream() { archive_read_free(archive_); }

absl::Status TarStream::Failed(absl::string_view what) const {
  if (!bytes_->status().ok()) return bytes_->status();
  if (bytes_->ran_out()) {
    return Rejected(RejectReason::kBundleTruncated, absl::StrCat("ends ", what));
  }
  const char* error = archive_error_string(archive_);
  return Rejected(RejectReason::kBundleMalformed,
                  absl::StrCat("is no sound tar archive ", what, ": ",
                               error == nullptr ? "unreadable" : error));
}

absl::StatusOr<TarEntry> TarStream::Next() {
  archive_entry* found = nullptr;
  const int result = archive_read_next_header(archive_, &found);
  // The header as it stands there: what libarchive made of extensions and other dialects of tar
  // does not count.
  const absl::string_view header = bytes_->Sector(header_);
  const bool is_header = header.size() == kSector && !AllZero(header);
  if (result == ARCHIVE_EOF && bytes_->status().ok() && !is_header) {
    return Rejected(RejectReason::kBundleTruncated, "ends before all files of its index came");
  }
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Failed("at the header of a file");
  if (!is_header || static_cast<uint64_t>(archive_read_header_position(archive_)) != header_) {
    return Rejected(RejectReason::kBundleMalformed,
                    "has other headers than one for each file; write it with tar --format=ustar");
  }
  if (absl::Status s = CheckKind(header); !s.ok()) return s;
  absl::StatusOr<std::string> name = NameIn(header);
  if (!name.ok()) return name.status();
  entry_.name = *std::move(name);
  if (archive_entry_size_is_set(found) == 0 || archive_entry_size(found) < 0) {
    return Rejected(RejectReason::kBundleMalformed, "has a file without a size");
  }
  entry_.bytes = static_cast<uint64_t>(archive_entry_size(found));
  data_ = header_ + kSector;
  header_ = data_ + RoundedUp(entry_.bytes);
  return entry_;
}

absl::Status TarStream::Read(const std::function<absl::Status(absl::string_view)>& sink) {
  uint64_t passed = 0;
  for (;;) {
    const void* buffer = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(archive_, &buffer, &size, &offset);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK) return Failed(absl::StrCat("in the middle of ", entry_.name));
    if (static_cast<uint64_t>(offset) != passed || size > entry_.bytes - passed) {
      return Rejected(RejectReason::kBundleMalformed, absl::StrCat(entry_.name, " has gaps"));
    }
    if (size > 0) {
      absl::Status s = sink(absl::string_view(static_cast<const char*>(buffer), size));
      if (!s.ok()) return s;
    }
    passed += size;
  }
  if (passed != entry_.bytes) return Failed(absl::StrCat("in the middle of ", entry_.name));
  return CheckPadding();
}

absl::Status TarStream::CheckPadding() const {
  const uint64_t padding = header_ - data_ - entry_.bytes;
  if (padding == 0) return absl::OkStatus();
  // It shares a sector, and so a block, with the last byte of the file.
  const absl::string_view sector = bytes_->Sector(header_ - kSector);
  if (sector.size() == kSector && AllZero(sector.substr(kSector - padding))) {
    return absl::OkStatus();
  }
  if (sector.size() < kSector) return Failed(absl::StrCat("after ", entry_.name));
  return Rejected(RejectReason::kBundleMalformed,
                  absl::StrCat("has something between ", entry_.name, " and the next file"));
}

absl::Status TarStream::Finish() {
  uint64_t zeros = 0;
  // The block at hand begins before `header_`, or right there if it is yet to come.
  for (uint64_t from = header_;;) {
    absl::string_view block = bytes_->block();
    const uint64_t start = from - bytes_->block_offset();
    if (start < block.size()) {
      block.remove_prefix(start);
      if (!AllZero(block)) {
        const bool is_file = zeros == 0 && block.size() >= kSector &&
                             MagicField(block).substr(0, 5) == kUstar.substr(0, 5);
        if (is_file) {
          return Rejected(RejectReason::kBundleTooLarge, "has more files than its index lists");
        }
        return Rejected(RejectReason::kBundleMalformed, "has something after its end");
      }
      zeros += block.size();
      from += block.size();
    }
    if (zeros > kMaxZeros) {
      return Rejected(RejectReason::kBundleTooLarge, "does not stop at its end");
    }
    absl::StatusOr<absl::string_view> next = bytes_->Next();
    if (!next.ok()) return next.status();
    if (next->empty()) break;
  }
  if (zeros >= kEndBytes) return absl::OkStatus();
  return Rejected(RejectReason::kBundleTruncated, "lacks the end of a tar archive");
}

}  // namespace cloister::bundle
