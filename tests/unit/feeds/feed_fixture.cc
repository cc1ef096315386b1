#include "tests/unit/feeds/feed_fixture.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "reputation/digest.h"

namespace cloister::feeds {
namespace {

// A text that is already in memory.
class TextSource : public ByteSource {
 public:
  explicit TextSource(absl::string_view text) : text_(text) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const size_t count = text_.copy(buffer, size, position_);
    position_ += count;
    return count;
  }
  uint64_t file_bytes() const override { return position_; }

 private:
  std::string text_;
  size_t position_ = 0;
};

FeedOutcome ReadSource(absl::string_view format, const FeedSource& source,
                       const FeedOptions& options) {
  FeedOutcome outcome;
  absl::StatusOr<std::unique_ptr<FeedReader>> reader = NewFeedReader(format, options);
  outcome.status = reader.status();
  if (!reader.ok()) return outcome;
  outcome.status = (*reader)->Read(
      source,
      [&outcome](const FeedEntry& entry) {
        outcome.entries.push_back(entry);
        outcome.entries.back().listed = {};  // borrowed
        outcome.listed.emplace_back(entry.listed);
        return absl::OkStatus();
      },
      &outcome.report);
  return outcome;
}

}  // namespace

uint64_t FeedOutcome::Rejected(RowFault fault) const {
  const auto found = report.rejections().find(fault);
  return found == report.rejections().end() ? 0 : found->second.count;
}

FeedOutcome ReadFeed(absl::string_view format, absl::string_view text, const FeedOptions& options) {
  const FeedSource source([text] { return std::make_unique<TextSource>(text); });
  return ReadSource(format, source, options);
}

FeedOutcome ReadFeedFile(absl::string_view format, const std::string& path,
                         const FeedOptions& options) {
  return ReadSource(format, FeedSource(path), options);
}

FeedEntry FileEntry(uint32_t number, reputation::Verdict verdict, absl::string_view threat_name) {
  const reputation::Sha256Bytes hash = reputation::Sha256(absl::StrCat("file ", number));
  const auto digest = reputation::Digest::FromBytes(
      reputation::DigestAlgorithm::kSha256,
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  FeedEntry entry{reputation::LookupKey::ForFile(*digest), {}, {}};
  entry.record.verdict = verdict;
  entry.label.threat_name = std::string(threat_name);
  return entry;
}

}  // namespace cloister::feeds
