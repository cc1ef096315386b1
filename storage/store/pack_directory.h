// The folder of verified packs. Internal to storage/store.

#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cloister::storage {

// Thread-safe: it holds nothing but a path.
class PackDirectory {
 public:
  explicit PackDirectory(std::string path) : path_(std::move(path)) {}

  // Whether `text` is 64 lower-case hexadecimal digits, and so safe as a file name.
  static bool IsName(absl::string_view text);

  const std::string& path() const { return path_; }
  std::string PathOf(absl::string_view sha256_hex) const;
  // Bytes of a pack; 0 if it is not there as a regular file.
  uint64_t SizeOf(absl::string_view sha256_hex) const;

  // Removes a pack. Best effort: one that stays is removed at the next start.
  void Remove(absl::string_view sha256_hex) const;

  // Removes what a start finds and nobody refers to: temporary files, and packs not in
  // `referenced` unless `keep_packs`. Other files are left alone.
  absl::Status RemoveUnreferenced(const std::set<std::string>& referenced, bool keep_packs) const;

 private:
  const std::string path_;
};

}  // namespace cloister::storage
