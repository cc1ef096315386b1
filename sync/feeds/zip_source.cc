#include "sync/feeds/zip_source.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

constexpr size_t kBlockBytes = 128 * 1024;

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

class ZipSource : public ByteSource {
 public:
  ZipSource(Archive zip, std::string path) : zip_(std::move(zip)), path_(std::move(path)) {}

  uint64_t file_bytes() const override {
    return static_cast<uint64_t>(std::max<int64_t>(archive_filter_bytes(zip_.get(), -1), 0));
  }

  // Moves to the next file; false at the end of the archive.
  absl::StatusOr<bool> NextFile() {
    archive_entry* entry = nullptr;
    for (;;) {
      const int result = archive_read_next_header(zip_.get(), &entry);
      if (result == ARCHIVE_EOF) return false;
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Damaged();
      if (archive_entry_is_encrypted(entry) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(path_, ": the ZIP archive is encrypted; unpack it first"));
      }
      if (archive_entry_filetype(entry) == AE_IFREG) return true;
    }
  }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (at_end_) return 0;
    const la_ssize_t read = archive_read_data(zip_.get(), buffer, size);
    if (read < 0) return Damaged();
    if (read > 0) return static_cast<size_t>(read);
    at_end_ = true;
    absl::StatusOr<bool> another = NextFile();
    if (!another.ok()) return another.status();
    if (!*another) return 0;
    return absl::InvalidArgumentError(absl::StrCat(
        path_, ": the ZIP archive holds several files; unpack it and name the one that is meant"));
  }

 private:
  absl::Status Damaged() const {
    const char* why = archive_error_string(zip_.get());
    return absl::DataLossError(absl::StrCat(
        path_, ": damaged ZIP archive: ", why != nullptr ? why : "it ends in the middle",
        "; fetch the file again"));
  }

  Archive zip_;
  std::string path_;
  bool at_end_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenZipSource(const std::string& path) {
  Archive zip(archive_read_new(), archive_read_free);
  archive_read_support_format_zip_streamable(zip.get());
  if (archive_read_open_filename(zip.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return absl::DataLossError(
        absl::StrCat(path, ": not a ZIP archive: ", archive_error_string(zip.get())));
  }
  auto source = std::make_unique<ZipSource>(std::move(zip), path);
  absl::StatusOr<bool> file = source->NextFile();
  if (!file.ok()) return file.status();
  if (!*file) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the ZIP archive holds no file"));
  }
  return source;
}

}  // namespace cloister::feeds
