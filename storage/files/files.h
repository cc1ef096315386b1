// The few file operations that have to be right everywhere: bounded reads, writes that a crash
// leaves whole or absent, and copies that hash what they copy.
//
// Errors carry the path. ResourceExhausted with RejectReason kNoSpace where the disk is full,
// Internal with kIoError for other failures, NotFound where the file is absent.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/digest.h"

namespace cloister::storage {

// The whole file. OutOfRange if it is longer than `max_bytes`; FailedPrecondition with
// RejectReason kSpoolForeign if it is a link or not a regular file.
absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes);

// Writes beside `path`, syncs, renames over it and syncs the directory. `mode` as chmod takes it.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents,
                                 uint32_t mode = 0600);

// Makes `path` and what is missing above it, each with `mode`.
absl::Status MakeDirectories(const std::string& path, uint32_t mode = 0700);

// Makes renames, links and removals in `path` durable.
absl::Status SyncDirectory(const std::string& path);

// Names in `path`, sorted, without "." and "..".
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path);

// Bytes that an unprivileged process may still write on the file system of `path`.
absl::StatusOr<uint64_t> FreeBytes(const std::string& path);

// A file being written under a temporary name; it vanishes unless committed.
class TemporaryFile {
 public:
  // In `directory`, readable by the owner only.
  static absl::StatusOr<TemporaryFile> Create(const std::string& directory);

  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  ~TemporaryFile();

  absl::Status Append(absl::string_view bytes);
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

  // Syncs, renames to `path` on the same file system, syncs the directory.
  absl::Status Commit(const std::string& path, uint32_t mode = 0600);

 private:
  TemporaryFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
  uint64_t size_ = 0;
};

// SHA-256 of bytes that arrive in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  ~Sha256Stream();

  void Update(absl::string_view bytes);
  // Call once.
  reputation::Sha256Bytes Finish();

 private:
  void* context_;  // EVP_MD_CTX
};

// SHA-256 of the file at `path`, read in pieces.
absl::StatusOr<reputation::Sha256Bytes> Sha256OfFile(const std::string& path);

}  // namespace cloister::storage
