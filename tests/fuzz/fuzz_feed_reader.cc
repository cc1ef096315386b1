// Feeds as somebody else wrote them, one reader a format. The first line names the format. What a
// reader lets through has to be fit for a pack.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "reputation/ip_address.h"
#include "reputation/label.h"
#include "reputation/object.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/line_reader.h"

namespace {

using cloister::feeds::FeedEntry;
using cloister::feeds::FeedSource;
using cloister::reputation::LookupForm;
using cloister::reputation::LookupKey;
using cloister::reputation::ObjectKind;
using cloister::reputation::Verdict;

void Require(bool holds) {
  if (!holds) abort();
}

class MemorySource : public cloister::feeds::ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const size_t taken = std::min(size, rest_.size());
    if (taken > 0) std::memcpy(buffer, rest_.data(), taken);
    rest_.remove_prefix(taken);
    return taken;
  }
  uint64_t file_bytes() const override { return 0; }

 private:
  absl::string_view rest_;
};

// Whether `listed` names what the key stands for: the object itself, or a network that holds it.
bool IsListed(const FeedEntry& entry) {
  const auto prefix = cloister::reputation::IpPrefix::Parse(entry.listed);
  if (entry.key.kind() == ObjectKind::kIp) {
    return prefix.ok() && LookupKey::ForIpPrefix(*prefix) == entry.key;
  }
  absl::string_view text = entry.listed;
  if (entry.key.kind() == ObjectKind::kHost) absl::ConsumePrefix(&text, "*.");
  const auto object = cloister::reputation::Object::Parse(entry.key.kind(), text);
  return object.ok() && object->Keys(/*with_expressions=*/false).keys.front() == entry.key;
}

absl::Status CheckEntry(const FeedEntry& entry) {
  Require(cloister::reputation::LookupKey::Parse(entry.key.bytes()).ok());
  std::string encoded;
  Require(cloister::reputation::EncodeRecord(entry.record, &encoded).ok());
  Require(!entry.record.removed && entry.record.label_id == 0);
  Require(cloister::reputation::CheckLabel(entry.label).ok());
  Require(!entry.record.excluded || entry.label.empty());
  Require(IsListed(entry));
  const bool weak =
      entry.key.form() == LookupForm::kFileSha1 || entry.key.form() == LookupForm::kFileMd5;
  Require(!weak || entry.record.verdict != Verdict::kTrusted);
  return absl::OkStatus();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == absl::string_view::npos) return 0;
  const auto reader = cloister::feeds::NewFeedReader(input.substr(0, end), {});
  if (!reader.ok()) return 0;
  const absl::string_view bytes = input.substr(end + 1);
  const FeedSource source([bytes] { return std::make_unique<MemorySource>(bytes); });
  cloister::feeds::FeedReport report("fuzz");
  (void)(*reader)->Read(source, CheckEntry, &report);
  return 0;
}
