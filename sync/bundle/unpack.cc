#include "sync/bundle/unpack.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/bundle/member_name.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

class Unpacker : public BundleSink {
 public:
  explicit Unpacker(const UnpackOptions& options) : options_(options) {}

  absl::Status TakeIndex(const BundleIndex& index) override {
    all_bytes_ = index.bytes();
    absl::StatusOr<uint64_t> free = storage::FreeBytes(options_.directory);
    if (!free.ok()) return free.status();
    if (*free >= all_bytes_ && *free - all_bytes_ >= options_.reserve_bytes) {
      return absl::OkStatus();
    }
    return Rejected(RejectReason::kNoSpace,
                    absl::StrCat("unpacking takes ", all_bytes_, " bytes and must leave ",
                                 options_.reserve_bytes, " free, but ", options_.directory, " has ",
                                 *free, "; free space there"));
  }

  absl::Status Begin(const BundleFeed& feed, const BundleMember& member) override {
    if (absl::Status s = Enter(feed); !s.ok()) return s;
    absl::StatusOr<MemberName> name = ParseMemberName(member.path);
    if (!name.ok()) return name.status();
    if (!name->is_metadata) Ask();
    const UnpackedFeed& present = feeds_.back();
    if (!present.status.ok()) return absl::OkStatus();  // passed over
    if (!name->is_metadata && signed_targets_.count(name->file) == 0) {
      return Rejected(RejectReason::kBundleMalformed,
                      absl::StrCat(member.path, " is not listed by the signed metadata"));
    }
    // The name begins with the SHA-256 that is signed. So the reader, which goes by the index,
    // stops at the first file of other content, and not after all of them are on the disk.
    if (!name->is_metadata && !absl::StartsWith(name->file, member.sha256)) {
      return Rejected(RejectReason::kBundleMalformed, absl::StrCat("its index gives ", member.path,
                                                                   " another SHA-256 than is "
                                                                   "signed"));
    }
    const std::string folder =
        absl::StrCat(present.path, name->is_metadata ? "/metadata" : "/targets");
    auto file = storage::TemporaryFile::Create(folder);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    target_path_ = absl::StrCat(folder, "/", name->file);
    return absl::OkStatus();
  }

  absl::Status Take(absl::string_view bytes) override {
    done_bytes_ += bytes.size();
    if (options_.progress) options_.progress(done_bytes_, all_bytes_);
    return file_.has_value() ? file_->Append(bytes) : absl::OkStatus();
  }

  absl::Status End() override {
    if (!file_.has_value()) return absl::OkStatus();
    // A rename is enough: a crash drops the whole folder.
    const bool renamed = rename(file_->path().c_str(), target_path_.c_str()) == 0;
    const int error = errno;
    file_.reset();
    if (renamed) return absl::OkStatus();
    return Rejected(RejectReason::kIoError, absl::StrCat(target_path_, ": ", strerror(error)));
  }

  absl::Status EndFeed(const BundleFeed& feed) override {
    absl::Status s = Enter(feed);  // even if there is nothing in it
    if (s.ok()) Ask();
    return s;
  }

  std::vector<UnpackedFeed> TakeFeeds() { return std::move(feeds_); }

 private:
  absl::Status Enter(const BundleFeed& feed) {
    if (!feeds_.empty() && feeds_.back().description.feed == feed.feed) return absl::OkStatus();
    const std::string path = absl::StrCat(options_.directory, "/", feed.feed);
    feeds_.push_back({feed, path, absl::OkStatus()});
    asked_ = false;
    signed_targets_.clear();
    absl::Status s = storage::MakeDirectories(absl::StrCat(path, "/metadata"), 0700);
    if (!s.ok()) return s;
    return storage::MakeDirectories(absl::StrCat(path, "/targets"), 0700);
  }

  void Ask() {
    if (asked_) return;
    asked_ = true;
    UnpackedFeed& present = feeds_.back();
    auto targets = options_.gate(present.description, present.path);
    present.status = targets.status();
    if (targets.ok()) signed_targets_ = *std::move(targets);
  }

  const UnpackOptions& options_;
  std::vector<UnpackedFeed> feeds_;
  bool asked_ = false;  // the gate, about the last feed
  std::set<std::string> signed_targets_;
  std::optional<storage::TemporaryFile> file_;
  std::string target_path_;
  uint64_t done_bytes_ = 0;
  uint64_t all_bytes_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<UnpackedFeed>> Unpack(const ByteSource& source,
                                                 const UnpackOptions& options) {
  Unpacker unpacker(options);
  if (absl::Status s = ReadBundle(source, options.limits, unpacker); !s.ok()) return s;
  return unpacker.TakeFeeds();
}

}  // namespace cloister::bundle
