// Real sources of every kind in one publication, with guards that are real, too.

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publication_fixture.h"

namespace cloister::publisher {
namespace {

using testing::IsOk;
using testing::SharedData;
using testing::SharedDataHint;

struct RealSource {
  const char* name;
  const char* format;
  const char* path;
  const char* more;
};

constexpr RealSource kSources[] = {
    {"urlhaus", "urlhaus", "urlhaus-csv-online/urlhaus.abuse.csv", "trust = 70"},
    {"ipsum", "ipsum", "ipsum/ipsum.txt", "minimum_count = 3"},
    {"unit42", "stix", "unit42-stix/stix2-reports/report_json/*.json", "max_confidence = 80"},
    {"eset", "misp", "eset-misp/[a-o]*/*.json", ""},
    {"debian", "debian-packages", "debian-packages/*.zst", "trust = 90"},
};

std::string Configuration(const std::string& data) {
  std::string text = absl::StrCat("[guards]\nwarning_lists = ['", data, "/misp-warninglists-a']\n");
  for (const RealSource& source : kSources) {
    absl::StrAppend(&text, "[[source]]\nname = '", source.name, "'\nformat = '", source.format,
                    "'\npath = '", data, "/", source.path, "'\n", source.more, "\n");
  }
  return text;
}

TEST(RealPublication, EveryLineLeftOutIsExplainedAndEveryEntryIsAccountedFor) {
  const std::optional<std::string> data = SharedData("data");
  if (!data.has_value()) GTEST_SKIP() << SharedDataHint("data");
  PublicationFolder folder;
  folder.Configure(Configuration(*data));
  ASSERT_THAT(folder.Build(), IsOk());

  uint64_t kept = 0;
  for (const SourceReport& source : folder.report.sources) {
    EXPECT_GT(source.reading.rows(), 0u) << source.name;
    for (const auto& [fault, rejections] : source.reading.rejections()) {
      ASSERT_FALSE(rejections.examples.empty()) << source.name;
      EXPECT_FALSE(rejections.examples[0].why.empty());
      EXPECT_FALSE(rejections.examples[0].text.empty());
    }
    uint64_t guarded = 0;
    for (const auto& [guard, stopped] : source.guarded) {
      guarded += stopped.count;
      EXPECT_FALSE(stopped.examples.empty()) << source.name;
    }
    const SourceMerge& merge = source.merge;
    EXPECT_EQ(source.entries, guarded + merge.added) << source.name;
    EXPECT_EQ(merge.added, merge.kept + merge.repeated + merge.shared + merge.overruled)
        << source.name;
    kept += merge.kept;
  }
  EXPECT_EQ(folder.report.records, kept);
  EXPECT_EQ(folder.Served().size(), kept);
  EXPECT_EQ(folder.report.sources[0].entries, 13'633u);  // a row each, none is refused
  EXPECT_EQ(folder.report.sources[4].reading.rows(), 63'440u);
  EXPECT_GT(folder.report.sources[1].guarded.at(Guard::kWarningList).count, 0u);

  // Nothing changed: nothing is published.
  ASSERT_THAT(folder.Build(), IsOk());
  EXPECT_FALSE(folder.report.published->new_version);
}

}  // namespace
}  // namespace cloister::publisher
