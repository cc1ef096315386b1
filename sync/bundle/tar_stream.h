// The files of a tar archive, one after the other, read by libarchive and held to the plainest form
// that there is: POSIX.1-1988 ("ustar") headers, regular files, no extended headers, no gaps,
// nothing but zeros after the end.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/bundle/unpacked_bytes.h"

struct archive;

namespace cloister::bundle {

struct TarEntry {
  std::string name;  // whatever bytes the header has, without NUL
  uint64_t bytes = 0;
};

// Not thread-safe.
class TarStream {
 public:
  // `bytes` must outlive it.
  explicit TarStream(UnpackedBytes* bytes);
  TarStream(const TarStream&) = delete;
  TarStream& operator=(const TarStream&) = delete;
  ~TarStream();

  // The next file. kBundleTruncated where the archive ends before one, kBundleForeign where it is
  // no regular file, kBundlePath where a NUL hides a part of its name, kBundleMalformed for any
  // other header than said above.
  absl::StatusOr<TarEntry> Next();

  // Passes the bytes of the file that Next found. Call once for each.
  absl::Status Read(const std::function<absl::Status(absl::string_view)>& sink);

  // Call after the last file. kBundleTruncated without the two sectors of zeros that end an
  // archive, kBundleTooLarge if there is another file, kBundleMalformed if anything else follows.
  absl::Status Finish();

 private:
  // What libarchive calls.
  struct Callbacks;

  absl::Status CheckPadding() const;
  absl::Status Failed(absl::string_view what) const;

  UnpackedBytes* const bytes_;
  archive* archive_;
  TarEntry entry_;
  uint64_t header_ = 0;  // where the header of the next file must be
  uint64_t data_ = 0;    // where the bytes of the present one begin
};

}  // namespace cloister::bundle
