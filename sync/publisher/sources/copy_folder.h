// The copies of one source on disk (layout: web_source.h).

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/publisher/sources/web_client.h"

namespace cloister::publisher {

// What is known of a copy.
struct CopyRecord {
  uint64_t number = 0;  // of its folder
  std::string file;     // in there
  std::string url;
  Validators validators;
  absl::Time fetched_at;
  std::string digest;  // SHA-256 of the file, in hexadecimal
};

// Reads anew whenever it is asked. Not thread-safe.
class CopyFolder {
 public:
  explicit CopyFolder(std::string path) : path_(std::move(path)) {}

  // Nothing where there is none, or where what is left cannot be used: copies can be fetched again.
  std::optional<CopyRecord> Good() const { return Read(kGood); }
  std::optional<CopyRecord> Pending() const { return Read(kPending); }
  absl::Status SetGood(const CopyRecord& record) const { return Write(kGood, record); }
  absl::Status SetPending(const CopyRecord& record) const { return Write(kPending, record); }

  // The pending copy becomes the good one; OK if there is none.
  absl::Status Accept() const;
  absl::Status Discard() const;
  // Drops copies of anything but `file` of `url`.
  absl::Status KeepOnly(absl::string_view url, absl::string_view file) const;

  // An empty folder for a new copy, with a number of its own.
  absl::StatusOr<uint64_t> BeginCopy() const;
  // Removes every folder that neither the good copy nor the pending one lies in.
  void Sweep() const;

  std::string DirectoryOf(uint64_t number) const;
  std::string PathOf(const CopyRecord& record) const;

 private:
  static constexpr char kGood[] = "copy.json";
  static constexpr char kPending[] = "pending.json";

  std::optional<CopyRecord> Read(absl::string_view name) const;
  absl::Status Write(absl::string_view name, const CopyRecord& record) const;
  absl::Status Remove(absl::string_view name) const;

  std::string path_;
};

}  // namespace cloister::publisher
