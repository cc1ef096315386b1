#include "storage/store/version_fold.h"

#include <rocksdb/rate_limiter.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/pack/pack_writer.h"
#include "storage/store/family_cursor.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr uint64_t kEntriesBetweenLooks = 1 << 10;

class Fold {
 public:
  explicit Fold(const FoldOptions& options)
      : options_(options),
        cursor_(NewFamilyCursor(*options.database, *options.family)),
        parts_(CountParts(options)) {
    if (options.bytes_per_second != 0) {
      const uint64_t limit = std::min<uint64_t>(options.bytes_per_second, INT64_MAX);
      limiter_.reset(rocksdb::NewGenericRateLimiter(static_cast<int64_t>(limit)));
    }
  }
  ~Fold() {
    unlink(TemporaryPath().c_str());
    if (done_) return;
    for (const std::string& pack : created_) options_.packs->Remove(pack);
  }

  absl::StatusOr<std::vector<VersionPack>> Run() {
    for (uint32_t part = 1; part <= parts_; ++part) {
      if (absl::Status s = WritePart(part); !s.ok()) return s;
    }
    if (absl::Status s = SyncDirectory(options_.packs->path()); !s.ok()) return s;
    if (!(digest_ == options_.served.digest)) {
      options_.family->MarkDamaged();
      return Rejected(RejectReason::kDigestMismatch,
                      absl::StrCat("feed ", options_.served.feed, ", version ",
                                   options_.served.version, " serves content ", digest_.ToString(),
                                   ", but ", options_.served.digest.ToString(), " was signed"));
    }
    done_ = true;
    return packs_;
  }

 private:
  // The chain's own bytes are more than what is left when its deltas are laid over each other.
  static uint32_t CountParts(const FoldOptions& options) {
    return static_cast<uint32_t>(options.served.pack_bytes / options.part_bytes + 1);
  }

  std::string TemporaryPath() const {
    return absl::StrCat(options_.packs->path(), "/.tmp-fold-", options_.served.feed);
  }

  absl::Status WritePart(uint32_t part) {
    PackHeader header;
    header.feed = options_.served.feed;
    header.to_version = options_.served.version;
    header.part = part;
    header.parts = parts_;
    absl::StatusOr<std::unique_ptr<PackWriter>> writer =
        PackWriter::Create(TemporaryPath(), header);
    if (!writer.ok()) return writer.status();
    const uint64_t total = options_.served.digest.entries();
    const uint64_t end = part == parts_ ? UINT64_MAX : total / parts_ * part;
    for (; cursor_->Valid() && entries_ < end; cursor_->Next(), ++entries_) {
      absl::Status added = (*writer)->AddEntry(cursor_->key(), cursor_->value());
      if (!added.ok()) return added;
      pending_bytes_ += cursor_->key().size() + cursor_->value().size();
      if (entries_ % kEntriesBetweenLooks == 0) {
        if (absl::Status s = Pause(); !s.ok()) return s;
      }
    }
    if (!cursor_->status().ok()) {
      options_.family->MarkDamaged();
      return cursor_->status();
    }
    absl::StatusOr<PackSummary> summary = (*writer)->Finish();
    if (!summary.ok()) return summary.status();
    digest_.Add(summary->digest);
    return Adopt(summary->bytes);
  }

  // Lets others have the disk, and looks whether the fold is still wanted.
  absl::Status Pause() {
    const StoreProgress at{"folding entries", entries_, options_.served.digest.entries()};
    const int64_t burst = limiter_ == nullptr ? INT64_MAX : limiter_->GetSingleBurstBytes();
    for (int64_t left = static_cast<int64_t>(pending_bytes_); left > 0; left -= burst) {
      if (limiter_ != nullptr) {
        limiter_->Request(std::min(left, burst), rocksdb::Env::IO_LOW, nullptr);
      }
      if (absl::Status s = options_.progress(at); !s.ok()) return s;
    }
    pending_bytes_ = 0;
    return absl::OkStatus();
  }

  absl::Status Adopt(uint64_t bytes) {
    absl::StatusOr<reputation::Sha256Bytes> hash = Sha256OfFile(TemporaryPath());
    if (!hash.ok()) return hash.status();
    VersionPack pack;
    pack.sha256 = absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(hash->data()), hash->size()));
    pack.bytes = bytes;
    pack.to_version = options_.served.version;
    pack.result = options_.served.digest;
    // The same content makes the same file: another version may need one that is there already.
    if (options_.packs->SizeOf(pack.sha256) == 0) created_.push_back(pack.sha256);
    const std::string path = options_.packs->PathOf(pack.sha256);
    if (rename(TemporaryPath().c_str(), path.c_str()) != 0) {
      return Rejected(RejectReason::kIoError, absl::StrCat("cannot rename ", TemporaryPath(),
                                                           " to ", path, ": ", strerror(errno)));
    }
    packs_.push_back(std::move(pack));
    return absl::OkStatus();
  }

  const FoldOptions& options_;
  const std::unique_ptr<EntryCursor> cursor_;
  const uint32_t parts_;
  std::unique_ptr<rocksdb::RateLimiter> limiter_;
  uint64_t entries_ = 0;
  uint64_t pending_bytes_ = 0;
  ContentDigest digest_;
  std::vector<VersionPack> packs_;
  std::vector<std::string> created_;  // those of packs_ that were not there before
  bool done_ = false;
};

}  // namespace

absl::StatusOr<std::vector<VersionPack>> FoldVersion(const FoldOptions& options) {
  return Fold(options).Run();
}

}  // namespace cloister::storage
