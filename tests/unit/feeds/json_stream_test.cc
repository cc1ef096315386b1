#include "sync/feeds/json_stream.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

// Hands out a few bytes at a time, so that tokens lie across reads.
class Drops : public ByteSource {
 public:
  Drops(std::string text, size_t bytes) : text_(std::move(text)), bytes_(bytes) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const size_t count = text_.copy(buffer, std::min(size, bytes_), position_);
    position_ += count;
    return count;
  }
  uint64_t file_bytes() const override { return position_; }

 private:
  std::string text_;
  size_t bytes_;
  size_t position_ = 0;
};

struct Walked {
  absl::Status status;
  std::vector<std::string> values;
  std::vector<uint64_t> lines;
};

// Takes what stands at `path`, descends on the way there.
Walked Walk(const std::string& text, const std::vector<absl::string_view>& path,
            const JsonLimits& limits = {}, size_t bytes = 3) {
  Walked walked;
  Drops source(text, bytes);
  const auto choose = [&path](const JsonPlace& place) {
    if (place.Is(path)) return JsonChoice::kTake;
    const std::vector<absl::string_view> above(
        path.begin(), path.begin() + std::min(path.size(), place.path.size()));
    return place.Is(above) ? JsonChoice::kDescend : JsonChoice::kSkip;
  };
  const auto visit = [&walked](const JsonPlace& place, const json& value) {
    walked.values.push_back(place.oversized ? "oversized" : value.dump());
    walked.lines.push_back(place.line);
    return absl::OkStatus();
  };
  walked.status = WalkJson(source, choose, visit, limits);
  return walked;
}

TEST(JsonStream, VisitsElementsOneByOneWithTheirLines) {
  const Walked walked = Walk(
      "{\"type\": \"bundle\",\n \"other\": {\"objects\": [0]},\n \"objects\": [\n"
      "  {\"a\": [1, {\"b\": \"\\u00e9\\\"\"}], \"c\": null},\n  2.5,\n  \"x\"\n ]}\n",
      {"objects", "*"});
  ASSERT_THAT(walked.status, IsOk());
  EXPECT_THAT(walked.values,
              ElementsAre("{\"a\":[1,{\"b\":\"é\\\"\"}],\"c\":null}", "2.5", "\"x\""));
  EXPECT_THAT(walked.lines, ElementsAre(4, 5, 6));
}

TEST(JsonStream, TakesTheDocumentItselfAndNestedLists) {
  EXPECT_THAT(Walk("[[1],[2,3]]", {}).values, ElementsAre("[[1],[2,3]]"));
  EXPECT_THAT(Walk("[[1],[2,3]]", {"*", "*"}).values, ElementsAre("1", "2", "3"));
  EXPECT_THAT(Walk("{\"a\":{\"x\":1},\"b\":{\"x\":2}}", {"*", "x"}).values, ElementsAre("1", "2"));
  EXPECT_THAT(Walk("7", {}).values, ElementsAre("7"));
  EXPECT_THAT(Walk("\xef\xbb\xbf{\"a\":1}", {"a"}).values, ElementsAre("1"));
}

TEST(JsonStream, SaysHowFarACutDocumentWasWhole) {
  const Walked walked = Walk("[{\"a\":1},\n{\"a\":2},\n{\"a\":", {"*"});
  EXPECT_THAT(walked.status, HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(walked.status.message()), HasSubstr("line 3, byte 24, after 2 values"));
  EXPECT_EQ(walked.values.size(), 2u);
}

TEST(JsonStream, RefusesWhatIsNotJson) {
  for (const char* text : {"", "   ", "{", "[1,]", "{\"a\" 1}", "[1] [2]", "nul", "[\"\x80\"]",
                           "[1e999]", "{\"a\":1,}", "<html>"}) {
    EXPECT_THAT(Walk(text, {"*"}).status, HasCode(absl::StatusCode::kDataLoss)) << text;
  }
}

TEST(JsonStream, PassesOverAnElementThatIsTooLarge) {
  JsonLimits limits;
  limits.max_element_bytes = 100;
  const std::string large = absl::StrCat("{\"x\":[", std::string(200, '1'), ",{\"y\":2}]}");
  const Walked walked = Walk(absl::StrCat("[1,", large, ",{\"z\":3}]"), {"*"}, limits);
  ASSERT_THAT(walked.status, IsOk());
  EXPECT_THAT(walked.values, ElementsAre("1", "oversized", "{\"z\":3}"));
}

TEST(JsonStream, BoundsDepthAndTokens) {
  JsonLimits limits;
  limits.max_depth = 5;
  EXPECT_THAT(Walk("[[[[[1]]]]]", {"*"}, limits).status, IsOk());
  EXPECT_THAT(Walk("[[[[[[1]]]]]]", {"*"}, limits).status,
              HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Walk(std::string(1 << 20, '['), {"*"}).status,
              HasCode(absl::StatusCode::kResourceExhausted));
  limits.max_token_bytes = 1000;
  EXPECT_THAT(Walk(absl::StrCat("[\"", std::string(5000, 'x'), "\"]"), {"*"}, limits).status,
              HasCode(absl::StatusCode::kResourceExhausted));
}

TEST(JsonStream, HandsOnTheErrorOfTheVisitor) {
  Drops source("[1,2,3]", 64);
  int seen = 0;
  const absl::Status status = WalkJson(
      source,
      [](const JsonPlace& place) {
        return place.path.empty() ? JsonChoice::kDescend : JsonChoice::kTake;
      },
      [&seen](const JsonPlace&, const json&) {
        return ++seen == 2 ? absl::AbortedError("enough") : absl::OkStatus();
      });
  EXPECT_THAT(status, HasCode(absl::StatusCode::kAborted));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace cloister::feeds
