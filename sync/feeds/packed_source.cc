#include "sync/feeds/packed_source.h"

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

using ArchiveReader = std::unique_ptr<archive, int (*)(archive*)>;

constexpr Packing kPackings[] = {
    {"\x1f\x8b", "gzip", archive_read_support_filter_gzip, false},
    {"\x28\xb5\x2f\xfd", "Zstandard", archive_read_support_filter_zstd, false},
    {"\x04\x22\x4d\x18", "LZ4", archive_read_support_filter_lz4, false},
    {absl::string_view("\xfd\x37zXZ\0", 6), "xz", archive_read_support_filter_xz, false},
    {"BZh", "bzip2", archive_read_support_filter_bzip2, false},
    {"PK\x03\x04", "ZIP", archive_read_support_format_zip_streamable, true},
};

class PackedSource : public ByteSource {
 public:
  PackedSource(const Packing& packing, InputFile input)
      : packing_(packing),
        input_(std::move(input)),
        reader_(archive_read_new(), archive_read_free) {}

  uint64_t file_bytes() const override { return input_.bytes_read(); }

  absl::Status Open() {
    int result = packing_.enable(reader_.get());
    if (result == ARCHIVE_OK && !packing_.archive) {
      result = archive_read_support_format_raw(reader_.get());
      archive_read_support_format_empty(reader_.get());
    }
    if (result != ARCHIVE_OK) {
      return absl::InvalidArgumentError(absl::StrCat(
          input_.path(), ": ", packing_.name, " cannot be unpacked here; unpack the file first"));
    }
    if (archive_read_open(reader_.get(), this, nullptr, NextBlock, nullptr) != ARCHIVE_OK) {
      return Damaged();
    }
    absl::StatusOr<bool> file = NextFile();
    if (!file.ok()) return file.status();
    // What is too short to be unpacked would pass as it stands.
    const bool packed = archive_filter_code(reader_.get(), 0) != ARCHIVE_FILTER_NONE;
    if (!packed && !packing_.archive) return Damaged();
    // Each layer would multiply what the one below it may expand to. The last one counted is the
    // file.
    if (archive_filter_count(reader_.get()) > (packing_.archive ? 1 : 2)) {
      return absl::InvalidArgumentError(
          absl::StrCat(input_.path(), ": packed twice; unpack the outer layer first"));
    }
    if (*file) return absl::OkStatus();
    // Compressed nothing is an empty file.
    at_end_ = !packing_.archive;
    if (at_end_) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(input_.path(), ": the ZIP archive holds no file"));
  }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (at_end_) return 0;
    const la_ssize_t read = archive_read_data(reader_.get(), buffer, size);
    if (read < 0) return Damaged();
    unpacked_ += static_cast<uint64_t>(read);
    if (unpacked_ > kFreeBytes && unpacked_ / kMaxExpansion > input_.bytes_read()) {
      return absl::InvalidArgumentError(absl::StrCat(
          input_.path(), ": unpacks to more than ", kMaxExpansion,
          " times its size, as no list does; if this is right, unpack the file first"));
    }
    if (read > 0) return static_cast<size_t>(read);
    at_end_ = true;
    absl::StatusOr<bool> another = NextFile();
    if (!another.ok()) return another.status();
    if (!*another) return 0;
    return absl::InvalidArgumentError(
        absl::StrCat(input_.path(),
                     ": the ZIP archive holds several files; unpack it and name the "
                     "one that is meant"));
  }

 private:
  // libarchive takes what InputFile holds without copying it, and is done with it when it asks
  // for more.
  static la_ssize_t NextBlock(archive* reader, void* source, const void** block) {
    InputFile& input = static_cast<PackedSource*>(source)->input_;
    absl::Status filled = input.Fill();
    if (!filled.ok()) {
      archive_set_error(reader, EIO, "%s", std::string(filled.message()).c_str());
      return -1;
    }
    const absl::string_view pending = input.pending();
    input.Consume(pending.size());
    *block = pending.data();
    return static_cast<la_ssize_t>(pending.size());
  }

  // Moves to the next file; false at the end of the archive.
  absl::StatusOr<bool> NextFile() {
    archive_entry* entry = nullptr;
    for (;;) {
      const int result = archive_read_next_header(reader_.get(), &entry);
      if (result == ARCHIVE_EOF) return false;
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Damaged();
      if (archive_entry_is_encrypted(entry) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(input_.path(), ": the ZIP archive is encrypted; unpack it first"));
      }
      if (archive_entry_filetype(entry) == AE_IFREG) return true;
    }
  }

  absl::Status Damaged() const {
    const char* why = archive_error_string(reader_.get());
    return absl::DataLossError(absl::StrCat(
        input_.path(), ": damaged ", packing_.name, " data near byte ", input_.bytes_read(), ": ",
        why != nullptr ? why : "it ends in the middle", "; fetch the file again"));
  }

  const Packing& packing_;
  InputFile input_;
  ArchiveReader reader_;
  uint64_t unpacked_ = 0;
  bool at_end_ = false;
};

}  // namespace

const Packing* FindPacking(absl::string_view start) {
  for (const Packing& packing : kPackings) {
    if (absl::StartsWith(start, packing.magic)) return &packing;
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<ByteSource>> OpenPackedSource(const Packing& packing,
                                                             InputFile input) {
  auto source = std::make_unique<PackedSource>(packing, std::move(input));
  absl::Status opened = source->Open();
  if (!opened.ok()) return opened;
  return source;
}

}  // namespace cloister::feeds
