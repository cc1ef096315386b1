#include "tests/bench/feed_texts.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/bench/records.h"

namespace cloister::bench {
namespace {

constexpr uint64_t kSeed = 3;
constexpr size_t kBufferBytes = 1 << 20;

void AppendDigest(uint64_t index, std::string* text) {
  for (uint64_t word = 0; word < 4; ++word) {
    absl::StrAppend(text, absl::Hex(RandomAt(kSeed, 4 * index + word), absl::kZeroPad16));
  }
}

void AppendCsvLine(uint64_t index, std::string* text) {
  text->append("file,");
  AppendDigest(index, text);
  absl::StrAppend(text, ",malicious,Bench.Sample.", RandomAt(kSeed + 1, index) % kLabels, "\n");
}

void AppendHashLine(uint64_t index, std::string* text) {
  AppendDigest(index, text);
  text->push_back('\n');
}

void AppendUrlLine(uint64_t index, std::string* text) {
  const uint64_t random = RandomAt(kSeed, index);
  absl::StrAppend(text, random % 2 == 0 ? "http" : "https", "://www.shop-", random % 1'000'003,
                  ".example.net/wp-content/", absl::Hex(random >> 32), "/login.php?id=", index,
                  "\n");
}

}  // namespace

FeedText CsvText() {
  return {"CSV of SHA-256", "csv", "kind,value,verdict,threat_name\n", AppendCsvLine};
}

FeedText HashText() { return {"list of SHA-256", "hash", "", AppendHashLine}; }

FeedText UrlText() { return {"list of URLs", "url", "", AppendUrlLine}; }

absl::Status WriteFeedText(const FeedText& text, uint64_t records, const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "wbe"), fclose);
  bool good = file != nullptr;
  std::string buffer = text.header;
  for (uint64_t i = 0; good && i < records; ++i) {
    text.append(i, &buffer);
    if (buffer.size() < kBufferBytes && i + 1 < records) continue;
    good = fwrite(buffer.data(), 1, buffer.size(), file.get()) == buffer.size();
    buffer.clear();
  }
  if (good && fflush(file.get()) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(path, ": ", strerror(errno)));
}

}  // namespace cloister::bench
