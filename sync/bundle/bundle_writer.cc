#include "sync/bundle/bundle_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "sync/bundle/member_name.h"

namespace cloister::bundle {
namespace {

class Writer {
 public:
  explicit Writer(const trust::ByteSink& out) : out_(out), archive_(archive_write_new()) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { archive_write_free(archive_); }

  absl::Status Open(Compression compression) {
    int result = archive_write_set_format_ustar(archive_);
    if (result == ARCHIVE_OK && compression == Compression::kZstandard) {
      result = archive_write_add_filter_zstd(archive_);
    }
    // Nothing but the two sectors of zeros at the end, and nothing after a compressed archive.
    if (result == ARCHIVE_OK) result = archive_write_set_bytes_in_last_block(archive_, 1);
    if (result == ARCHIVE_OK) {
      result = archive_write_open(archive_, this, nullptr, &Writer::Write, nullptr);
    }
    return Check(result);
  }

  absl::Status Begin(const std::string& path, uint64_t bytes) {
    left_ = bytes;
    path_ = path;
    std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                        &archive_entry_free);
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    return Check(archive_write_header(archive_, entry.get()));
  }

  absl::Status Append(absl::string_view bytes) {
    if (bytes.size() > left_) {
      return absl::FailedPreconditionError(absl::StrCat(path_, " grew while it was packed"));
    }
    left_ -= bytes.size();
    while (!bytes.empty()) {
      const la_ssize_t n = archive_write_data(archive_, bytes.data(), bytes.size());
      if (n <= 0) return Check(ARCHIVE_FATAL);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }

  absl::Status End() {
    if (left_ > 0) {
      return absl::FailedPreconditionError(absl::StrCat(path_, " shrank while it was packed"));
    }
    return Check(archive_write_finish_entry(archive_));
  }

  absl::Status Close() { return Check(archive_write_close(archive_)); }

 private:
  static la_ssize_t Write(archive* archive, void* data, const void* buffer, size_t size) {
    auto* self = static_cast<Writer*>(data);
    // After an error libarchive still closes what it has; nothing more is passed on.
    if (self->out_status_.ok()) {
      self->out_status_ = self->out_(absl::string_view(static_cast<const char*>(buffer), size));
    }
    if (self->out_status_.ok()) return static_cast<la_ssize_t>(size);
    archive_set_error(archive, EIO, "cannot be written");
    return -1;
  }

  absl::Status Check(int result) const {
    if (!out_status_.ok()) return out_status_;
    if (result == ARCHIVE_OK) return absl::OkStatus();
    const char* error = archive_error_string(archive_);
    return absl::FailedPreconditionError(
        absl::StrCat("cannot pack ", path_, ": ", error == nullptr ? "libarchive failed" : error));
  }

  const trust::ByteSink& out_;
  archive* archive_;
  absl::Status out_status_;
  std::string path_;
  uint64_t left_ = 0;
};

}  // namespace

absl::Status WriteBundle(const BundleIndex& index, Compression compression,
                         const MemberBytes& members, const trust::ByteSink& out) {
  const std::string text = EncodeIndex(index);
  if (absl::Status sound = DecodeIndex(text, BundleLimits()).status(); !sound.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no receiver would take such a bundle: ", sound.message()));
  }
  Writer writer(out);
  absl::Status s = writer.Open(compression);
  if (s.ok()) s = writer.Begin(kIndexName, text.size());
  if (s.ok()) s = writer.Append(text);
  if (s.ok()) s = writer.End();
  for (const BundleFeed& feed : index.feeds) {
    for (const BundleMember& member : feed.members) {
      if (s.ok()) s = writer.Begin(member.path, member.bytes);
      if (s.ok()) {
        s = members(member, [&](absl::string_view bytes) { return writer.Append(bytes); });
      }
      if (s.ok()) s = writer.End();
      if (!s.ok()) return s;
    }
  }
  if (!s.ok()) return s;
  return writer.Close();
}

}  // namespace cloister::bundle
