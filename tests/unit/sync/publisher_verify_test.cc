// `verify` finds what is wrong, and where.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "storage/files/files.h"
#include "sync/publisher/repository/release.h"
#include "sync/publisher/repository/verify.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using Contents = VerifyReport::Contents;

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    std::vector<FeedEntry> entries;
    for (uint32_t version = 1; version <= 4; ++version) {
      for (uint32_t i = 0; i < 900; ++i) {
        entries.push_back(
            FileEntry(version * 1000 + i, reputation::Verdict::kMalicious, "Test.Name"));
      }
      EXPECT_THAT(feed_.Publish(entries), IsOk());
      last_ = entries;
      entries.erase(entries.begin(), entries.begin() + 100);
    }
  }

  VerifyReport Run(absl::Duration later = absl::ZeroDuration()) {
    VerifyOptions options;
    options.now = feed_.options.now + later;
    return Verify(*Repository::OpenReadOnly(feed_.path()).value(), options).value();
  }

  std::string PathOf(const std::string& ending) {
    for (const auto& entry : std::filesystem::directory_iterator(feed_.path() + "/targets")) {
      if (absl::EndsWith(entry.path().string(), ending)) return entry.path();
    }
    ADD_FAILURE() << "no pack " << ending;
    return "";
  }

  PublishedFeed feed_;
  std::vector<FeedEntry> last_;  // what is in the newest version
};

TEST_F(VerifyTest, ProvesEveryVersionOnOffer) {
  const VerifyReport report = Run();
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.version, 4u);
  EXPECT_GE(report.packs.size(), 4u);
  for (const VerifyReport::Pack& pack : report.packs) {
    EXPECT_EQ(pack.contents, Contents::kProved) << pack.path;
  }
}

TEST_F(VerifyTest, ComparesADeltaWhoseBaseIsGoneWithWhatItLeadsTo) {
  ASSERT_OK_AND_ASSIGN(std::vector<trust::PackTarget> packs, feed_.Offered());
  packs.erase(std::remove_if(packs.begin(), packs.end(),
                             [](const auto& pack) { return pack.path != "delta-3-4.sst"; }),
              packs.end());
  ASSERT_EQ(packs.size(), 1u);
  feed_.options.snapshot = true;  // of version 4, to which the delta leads
  ASSERT_THAT(feed_.Publish(last_), IsOk());
  ASSERT_OK_AND_ASSIGN(std::vector<trust::PackTarget> newest, feed_.Offered());
  for (const trust::PackTarget& pack : newest) {
    if (pack.path == "full-4-1.sst") packs.push_back(pack);
  }
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<Repository> repository, Repository::Open(feed_.path()));
    ASSERT_OK_AND_ASSIGN(Published before, repository->Load(feed_.options.now));
    ASSERT_THAT(Release(*repository, before, packs, feed_.signers, feed_.options), IsOk());
  }
  const VerifyReport report = Run();
  EXPECT_TRUE(report.sound());
  ASSERT_EQ(report.packs.size(), 2u);
  EXPECT_EQ(report.packs[0].contents, Contents::kProved);
  EXPECT_EQ(report.packs[1].contents, Contents::kAgrees);
}

TEST_F(VerifyTest, SaysWhichPackIsRottenOrGone) {
  const std::string rotten = PathOf(".delta-2-3.sst");
  {
    std::fstream file(rotten, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('\x55');
  }
  std::filesystem::remove(PathOf(".delta-3-4.sst"));
  const VerifyReport report = Run();
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_THAT(report.problems[0].place, HasSubstr("delta-2-3.sst"));
  EXPECT_THAT(report.problems[0].what, HasSubstr("altered"));
  EXPECT_THAT(report.problems[1].place, HasSubstr("delta-3-4.sst"));
}

TEST_F(VerifyTest, SaysWhatExpiredAndWhatWasForged) {
  const VerifyReport expired = Run(absl::Hours(24 * 8));
  ASSERT_EQ(expired.problems.size(), 1u);
  EXPECT_EQ(expired.problems[0].place, "metadata/timestamp.json");
  const std::string path = feed_.path() + "/metadata/timestamp.json";
  std::string text = storage::ReadFile(path, 1 << 20).value();
  text.replace(text.find("\"sig\": \"") + 8, 4, "0000");
  ASSERT_THAT(storage::WriteFileAtomically(path, text), IsOk());
  const VerifyReport forged = Run();
  ASSERT_EQ(forged.problems.size(), 1u);
  EXPECT_EQ(forged.problems[0].place, "metadata");
  EXPECT_THAT(forged.problems[0].what, HasSubstr("timestamp"));
}

}  // namespace
}  // namespace cloister::publisher
