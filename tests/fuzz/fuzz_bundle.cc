// A bundle that anybody may have written. What is accepted must be what its index says, whole.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "reputation/digest.h"
#include "reputation/reject_reason.h"
#include "sync/bundle/bundle_reader.h"
#include "sync/bundle/member_name.h"
#include "tests/fuzz/require.h"

namespace {

using cloister::bundle::BundleFeed;
using cloister::bundle::BundleIndex;
using cloister::bundle::BundleLimits;
using cloister::bundle::BundleMember;
using cloister::fuzz::Require;

class Checker : public cloister::bundle::BundleSink {
 public:
  absl::Status TakeIndex(const BundleIndex& index) override {
    members_ = index.members();
    // What can be read can be written, and is then the same.
    auto again = cloister::bundle::DecodeIndex(cloister::bundle::EncodeIndex(index), limits);
    Require(again.ok() && again->members() == members_,
            "an index that is written again is the same");
    return absl::OkStatus();
  }
  absl::Status Begin(const BundleFeed& feed, const BundleMember& member) override {
    auto name = cloister::bundle::ParseMemberName(member.path);
    Require(name.ok() && name->feed == feed.feed, "a file lies below its feed");
    Require(name->file.find('/') == std::string::npos && name->file[0] != '.',
            "a file's name is no path");
    member_ = member;
    bytes_.clear();
    return absl::OkStatus();
  }
  absl::Status Take(absl::string_view bytes) override {
    bytes_.append(bytes.data(), bytes.size());
    Require(bytes_.size() <= member_.bytes, "no more comes than the index says");
    return absl::OkStatus();
  }
  absl::Status End() override {
    const auto hash = cloister::reputation::Sha256(bytes_);
    Require(bytes_.size() == member_.bytes, "a file has the length that the index says");
    Require(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash.data()),
                                                     hash.size())) == member_.sha256,
            "a file is what the index says");
    ++ended_;
    return absl::OkStatus();
  }
  absl::Status EndFeed(const BundleFeed&) override { return absl::OkStatus(); }

  bool complete() const { return ended_ == members_; }

  const BundleLimits limits{.max_index_bytes = 64 << 10,
                            .max_metadata_bytes = 64 << 10,
                            .max_target_bytes = 256 << 10,
                            .max_total_bytes = 1 << 20,
                            .free_expansion_bytes = 1 << 20};

 private:
  BundleMember member_;
  std::string bytes_;
  uint64_t members_ = 0;
  uint64_t ended_ = 0;
};

void Read(const std::string& bytes) {
  size_t at = 0;
  const auto source = [&](char* buffer, size_t most) -> absl::StatusOr<size_t> {
    const size_t n = bytes.copy(buffer, most, at);
    at += n;
    return n;
  };
  Checker checker;
  const absl::Status status = cloister::bundle::ReadBundle(source, checker.limits, checker);
  if (status.ok()) {
    Require(checker.complete(), "what is accepted came whole");
  } else {
    Require(cloister::reputation::ReasonOf(status).has_value(), "a refusal has a reason");
  }
}

// Makes the checksums of headers right, so that what was altered in them is looked at.
bool MendHeaders(std::string* bytes) {
  constexpr size_t kSector = 512;
  bool mended = false;
  for (size_t at = 0; at + kSector <= bytes->size(); at += kSector) {
    if (bytes->compare(at + 257, 5, "ustar") != 0) continue;
    bytes->replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (size_t i = 0; i < kSector; ++i) sum += static_cast<uint8_t>((*bytes)[at + i]);
    char digits[8];
    snprintf(digits, sizeof digits, "%06o", sum);
    bytes->replace(at + 148, 7, digits, 7);
    mended = true;
  }
  return mended;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Read(bytes);
  if (MendHeaders(&bytes)) Read(bytes);
  return 0;
}
