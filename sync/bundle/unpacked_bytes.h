// The tar archive inside a bundle, as bytes: as they are, or decompressed by libarchive.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/bundle/bundle_limits.h"
#include "sync/bundle/byte_source.h"

struct archive;

namespace cloister::bundle {

// Hands the bytes out in blocks of whole sectors, so that what belongs to one sector is always in
// one block. Not thread-safe.
class UnpackedBytes {
 public:
  static constexpr size_t kSector = 512;

  // kBundleMalformed if it is compressed in another way than once with Zstandard;
  // kBundleTruncated if there is nothing.
  static absl::StatusOr<std::unique_ptr<UnpackedBytes>> Open(ByteSource source,
                                                             const BundleLimits& limits);
  UnpackedBytes(const UnpackedBytes&) = delete;
  UnpackedBytes& operator=(const UnpackedBytes&) = delete;
  ~UnpackedBytes();

  // The next block, valid until the one after; empty at the end. kBundleTooLarge where there are
  // more bytes than SetLength or the ratio of the limits allow, kBundleTruncated or
  // kBundleMalformed where they cannot be decompressed, and what the source returns.
  absl::StatusOr<absl::string_view> Next();

  // From now on: how many bytes there may be in all.
  void SetLength(uint64_t bytes) { max_bytes_ = bytes; }

  // What Next returned last, and where in the archive it begins.
  absl::string_view block() const { return block_; }
  uint64_t block_offset() const { return offset_; }
  // The sector at `offset`, if it is in the block; empty otherwise.
  absl::string_view Sector(uint64_t offset) const;

  // What Next returned last; libarchive passes on no more than that there was an error.
  const absl::Status& status() const { return status_; }
  // Whether Next was asked for more than there is.
  bool ran_out() const { return ran_out_; }

 private:
  // What libarchive calls.
  struct Callbacks;

  UnpackedBytes(ByteSource source, const BundleLimits& limits);
  absl::Status Start();
  absl::Status Fill(size_t* filled);
  absl::Status CheckBounds(uint64_t unpacked) const;
  absl::Status ReadFailed() const;

  const ByteSource source_;
  const BundleLimits limits_;
  archive* archive_;
  const std::unique_ptr<char[]> compressed_;
  uint64_t compressed_bytes_ = 0;
  absl::Status source_status_;
  const std::unique_ptr<char[]> buffer_;
  absl::string_view block_;
  uint64_t offset_ = 0;
  uint64_t max_bytes_;
  absl::Status status_;
  bool at_end_ = false;  // nothing comes after this block
  bool ran_out_ = false;
};

}  // namespace cloister::bundle
