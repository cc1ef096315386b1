#include "sync/bundle/bundle_reader.h"

#include <memory>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/bundle/member_name.h"
#include "sync/bundle/tar_stream.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr uint64_t kSector = UnpackedBytes::kSector;
// Two sectors of zeros, and what fills up the last record of 20.
constexpr uint64_t kMaxEndBytes = 22 * kSector;

uint64_t InTar(uint64_t bytes) { return kSector + (bytes + kSector - 1) / kSector * kSector; }

// Bytes of the whole archive at most.
uint64_t ArchiveLength(uint64_t index_bytes, const BundleIndex& index) {
  uint64_t length = InTar(index_bytes) + kMaxEndBytes;
  for (const BundleFeed& feed : index.feeds) {
    for (const BundleMember& member : feed.members) length += InTar(member.bytes);
  }
  return length;
}

class Reader {
 public:
  Reader(UnpackedBytes* bytes, const BundleLimits& limits)
      : bytes_(bytes), tar_(bytes), limits_(limits) {}

  absl::Status ReadIndex() {
    absl::StatusOr<TarEntry> entry = tar_.Next();
    if (!entry.ok()) return entry.status();
    if (entry->name != kIndexName) {
      // A path that leads out is one wherever it stands.
      absl::StatusOr<MemberName> name = ParseMemberName(entry->name);
      if (!name.ok()) return name.status();
      return Rejected(RejectReason::kBundleMalformed,
                      absl::StrCat("does not begin with ", kIndexName));
    }
    if (entry->bytes > limits_.max_index_bytes) {
      return Rejected(RejectReason::kBundleTooLarge,
                      absl::StrCat(kIndexName, " has ", entry->bytes, " bytes, at most ",
                                   limits_.max_index_bytes, " are taken"));
    }
    std::string text;
    absl::Status s = tar_.Read([&](absl::string_view bytes) {
      text.append(bytes.data(), bytes.size());
      return absl::OkStatus();
    });
    if (!s.ok()) return s;
    absl::StatusOr<BundleIndex> index = DecodeIndex(text, limits_);
    if (!index.ok()) return index.status();
    bytes_->SetLength(ArchiveLength(text.size(), *index));
    index_ = *std::move(index);
    return absl::OkStatus();
  }

  absl::Status ReadMembers(BundleSink& sink) {
    absl::Status s = sink.TakeIndex(index_);
    for (const BundleFeed& feed : index_.feeds) {
      for (const BundleMember& member : feed.members) {
        if (s.ok()) s = ReadMember(feed, member, sink);
      }
      if (s.ok()) s = sink.EndFeed(feed);
      if (!s.ok()) return s;
    }
    return tar_.Finish();
  }

  const BundleIndex& index() const { return index_; }

 private:
  absl::Status ReadMember(const BundleFeed& feed, const BundleMember& member, BundleSink& sink) {
    absl::StatusOr<TarEntry> entry = tar_.Next();
    if (!entry.ok()) return entry.status();
    if (absl::Status s = CheckEntry(*entry, member); !s.ok()) return s;
    seen_.insert(absl::AsciiStrToLower(member.path));
    storage::Sha256Stream hash;
    absl::Status s = sink.Begin(feed, member);
    if (!s.ok()) return s;
    s = tar_.Read([&](absl::string_view bytes) {
      hash.Update(bytes);
      return sink.Take(bytes);
    });
    if (!s.ok()) return s;
    const reputation::Sha256Bytes found = hash.Finish();
    const absl::string_view raw(reinterpret_cast<const char*>(found.data()), found.size());
    if (absl::BytesToHexString(raw) != member.sha256) {
      return Rejected(RejectReason::kBundleMalformed,
                      absl::StrCat(member.path, " has other content than the index says"));
    }
    return sink.End();
  }

  // Whether the file that comes is the one that the index has next.
  absl::Status CheckEntry(const TarEntry& entry, const BundleMember& member) const {
    if (entry.name == member.path) {
      if (entry.bytes == member.bytes) return absl::OkStatus();
      return Rejected(entry.bytes > member.bytes ? RejectReason::kBundleTooLarge
                                                 : RejectReason::kBundleMalformed,
                      absl::StrCat(member.path, " has ", entry.bytes,
                                   " bytes where the index says ", member.bytes));
    }
    if (absl::StatusOr<MemberName> name = ParseMemberName(entry.name); !name.ok()) {
      return entry.name == kIndexName
                 ? Rejected(RejectReason::kBundleDuplicate, "has a second index.json")
                 : name.status();
    }
    if (seen_.count(absl::AsciiStrToLower(entry.name)) > 0) {
      return Rejected(RejectReason::kBundleDuplicate,
                      absl::StrCat(entry.name, " comes a second time"));
    }
    if (IsListed(entry.name)) {
      return Rejected(RejectReason::kBundleOrder,
                      absl::StrCat(entry.name, " comes where ", member.path, " belongs"));
    }
    return Rejected(RejectReason::kBundleMalformed,
                    absl::StrCat(entry.name, " is not in its index"));
  }

  bool IsListed(absl::string_view path) const {
    for (const BundleFeed& feed : index_.feeds) {
      for (const BundleMember& member : feed.members) {
        if (member.path == path) return true;
      }
    }
    return false;
  }

  UnpackedBytes* const bytes_;
  TarStream tar_;
  const BundleLimits limits_;
  BundleIndex index_;
  std::set<std::string> seen_;
};

}  // namespace

absl::Status ReadBundle(const ByteSource& source, const BundleLimits& limits, BundleSink& sink) {
  auto bytes = UnpackedBytes::Open(source, limits);
  if (!bytes.ok()) return bytes.status();
  Reader reader(bytes->get(), limits);
  if (absl::Status s = reader.ReadIndex(); !s.ok()) return s;
  return reader.ReadMembers(sink);
}

absl::StatusOr<BundleIndex> ReadIndex(const ByteSource& source, const BundleLimits& limits) {
  auto bytes = UnpackedBytes::Open(source, limits);
  if (!bytes.ok()) return bytes.status();
  Reader reader(bytes->get(), limits);
  if (absl::Status s = reader.ReadIndex(); !s.ok()) return s;
  return reader.index();
}

}  // namespace cloister::bundle
