// What every reader of documents has to bear: nesting without end, texts without end, names said
// twice.

#include <sys/resource.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using testing::HasCode;

// Above every limit, in bytes.
constexpr uint64_t kMany = 32 << 20;
constexpr uint64_t kManyTags = 160 << 20;
// A value at its bound that is nothing but empty lists takes some 130 MiB; without a bound these
// documents would take several times the room.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long kRoomKilobytes = 1024 << 10;  // sanitizers keep what was freed, and pad the rest
#else
constexpr long kRoomKilobytes = 256 << 10;
#endif

// A begin, and then one text as often as it takes.
class EndlessSource : public ByteSource {
 public:
  EndlessSource(std::string begin, std::string again, uint64_t bytes)
      : begin_(std::move(begin)), again_(std::move(again)), bytes_(bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    size_t made = 0;
    for (; made < size && made_ < bytes_; ++made, ++made_) {
      buffer[made] =
          made_ < begin_.size() ? begin_[made_] : again_[(made_ - begin_.size()) % again_.size()];
    }
    return made;
  }
  uint64_t file_bytes() const override { return made_; }

 private:
  std::string begin_;
  std::string again_;
  uint64_t bytes_;
  uint64_t made_ = 0;
};

struct Case {
  const char* format;
  std::string begin;  // up to where a value is read
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.format << " " << one.begin; }

long MostMemoryKilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

absl::Status ReadEndless(const Case& one, const std::string& again, uint64_t bytes = kMany) {
  const FeedSource source([&] { return std::make_unique<EndlessSource>(one.begin, again, bytes); });
  auto reader = NewFeedReader(one.format, {});
  if (!reader.ok()) return reader.status();
  FeedReport report("endless");
  return (*reader)->Read(
      source, [](const FeedEntry&) { return absl::OkStatus(); }, &report);
}

class HostileDocuments : public ::testing::TestWithParam<Case> {};

TEST_P(HostileDocuments, NestWithoutEnd) {
  const long before = MostMemoryKilobytes();
  EXPECT_THAT(ReadEndless(GetParam(), "["), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(ReadEndless(GetParam(), "[{\"a\":"), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_LT(MostMemoryKilobytes() - before, kRoomKilobytes);
}

TEST_P(HostileDocuments, HoldATextWithoutEnd) {
  const long before = MostMemoryKilobytes();
  Case one = GetParam();
  one.begin += "\"";
  EXPECT_THAT(ReadEndless(one, "x"), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_LT(MostMemoryKilobytes() - before, kRoomKilobytes);
}

TEST_P(HostileDocuments, HoldAListOfNothingWithoutEnd) {
  const long before = MostMemoryKilobytes();
  Case one = GetParam();
  one.begin += "[7";
  EXPECT_FALSE(ReadEndless(one, ",[]").ok());
  EXPECT_LT(MostMemoryKilobytes() - before, kRoomKilobytes);
}

INSTANTIATE_TEST_SUITE_P(
    Json, HostileDocuments,
    ::testing::Values(Case{"stix", R"({"objects":[)"}, Case{"stix", R"({"id":)"},
                      Case{"misp", R"({"Event":{"Attribute":[)"},
                      Case{"misp", R"({"Event":{"info":)"},
                      Case{"hashlookup", R"({"known_files":[)"},
                      Case{"threatfox-json", R"({"7":[)"}, Case{"phishtank-json", "[{\"url\":"},
                      Case{"scoop", R"({"version":)"}, Case{"misp-warninglist", R"({"list":[)"},
                      Case{"misp-warninglist", R"({"name":)"}, Case{"polkadot", R"({"deny":[)"}));

// Members of an event that are held until it ends are bounded, too.
TEST(HostileMispEvents, HaveTagsWithoutEnd) {
  const long before = MostMemoryKilobytes();
  const std::string tag = absl::StrCat(R"({"Tag":[{"name":")", std::string(500, 't'), "\"}]},");
  EXPECT_THAT(ReadEndless({"misp", "["}, tag, kManyTags),
              HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_LT(MostMemoryKilobytes() - before, kRoomKilobytes);
}

// The last one counts, as most parsers have it.
TEST(DuplicateMembers, TheLastOneCounts) {
  const FeedOutcome stix =
      ReadFeed("stix",
               R"({"objects":[{"type":"indicator","pattern":"[url:value = 'http://a.example/']",
          "pattern":"[url:value = 'http://b.example/']","revoked":true,"revoked":false}]})");
  ASSERT_EQ(stix.listed.size(), 1u);
  EXPECT_EQ(stix.listed[0], "http://b.example/");
}

}  // namespace
}  // namespace cloister::feeds
