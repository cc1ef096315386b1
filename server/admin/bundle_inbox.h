// The folder where uploaded bundles wait for cloister-sync (sync/trust_state/inbox.h). What is in
// them is not looked at here: that is for the process that holds no secret.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "storage/files/files.h"
#include "sync/trust_state/inbox.h"

namespace cloister::server {

// Thread-safe.
class BundleInbox {
 public:
  static constexpr size_t kMaxUploads = 4;   // at once
  static constexpr size_t kMaxWaiting = 16;  // bundles that cloister-sync has not taken yet

  struct Options {
    std::string directory;
    std::string spool_directory;  // where cloister-sync tells what became of them
    uint64_t max_bundle_bytes = 0;
    uint64_t reserve_bytes = 0;  // disk space that an upload leaves free
  };

  // A bundle that arrives. What is not published vanishes with it. Not thread-safe.
  class Upload {
   public:
    Upload(BundleInbox* inbox, storage::TemporaryFile file, uint64_t bytes);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload();

    // InvalidArgument if it is more than was announced; kNoSpace, kIoError.
    absl::Status Append(absl::string_view data);
    // The SHA-256 of what arrived, in hexadecimal. InvalidArgument if that is less than announced.
    // Call once, after the last Append.
    absl::StatusOr<std::string> Finish();
    // Makes it appear in the inbox, durably; returns its name. Call once, after Finish.
    absl::StatusOr<std::string> Publish();

    uint64_t bytes() const { return bytes_; }  // as announced

   private:
    BundleInbox* const inbox_;
    storage::TemporaryFile file_;
    storage::Sha256Stream sha256_;
    const uint64_t bytes_;
  };

  // Makes the folder (2770) if it is absent, and removes what uploads left that a crash cut short.
  // Errors name the folder and the mend.
  static absl::StatusOr<std::unique_ptr<BundleInbox>> Open(const Options& options);

  // Begins an upload of `bytes`. ResourceExhausted if that is too large, too many arrive or wait,
  // or there is no space; InvalidArgument if it is 0. The inbox must outlive the upload.
  absl::StatusOr<std::unique_ptr<Upload>> Begin(uint64_t bytes);

  // What became of the bundle `name`. NotFound if there is none and never was one.
  absl::StatusOr<trust::BundleImport> Outcome(absl::string_view name) const;

 private:
  explicit BundleInbox(const Options& options) : options_(options) {}

  absl::StatusOr<size_t> CountWaiting() const;

  const Options options_;
  absl::Mutex mutex_;
  size_t uploads_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;  // announced bytes that did not arrive yet
};

// OK if bundles can be put into `directory`, which may be absent. Errors name it and the mend.
absl::Status CheckInboxDirectory(const std::string& directory);

}  // namespace cloister::server
