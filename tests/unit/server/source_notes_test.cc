// Where a feed's entries come from, as its publisher says now.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/feed_fixture.h"

namespace cloister::server {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::Redistribution;
using reputation::SourceNote;
using reputation::Verdict;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SourceNotesTest : public FeedFixture {
 protected:
  void SetUp() override {
    feed_.ComesFrom({{.name = "urlhaus", .redistribution = Redistribution::kAllowed}});
    feed_.PublishSnapshot({ListingOf(ObjectKind::kHost, "a.example", Verdict::kMalicious)});
    feed_.HandOver();
    ExpectTaken(1);
  }
  // The publisher says otherwise of the same entries.
  void Mend(const std::string& redistribution) {
    for (auto& [path, target] : feed_.upstream().targets["targets"].items()) {
      target["custom"]["cloister"]["sources"][0]["redistribution"] = redistribution;
    }
    feed_.upstream().UpdateTargets();
    now_ += absl::Seconds(1);
    feed_.PublishTimestamp(now_);
    feed_.HandOver();
  }
  std::vector<SourceNote> Sources() const { return store_->Current()->feeds()[0].sources; }
};

TEST_F(SourceNotesTest, ServeWithTheirVersion) {
  ASSERT_THAT(Sources(), SizeIs(1));
  EXPECT_EQ(Sources()[0].name, "urlhaus");
  EXPECT_EQ(Sources()[0].redistribution, Redistribution::kAllowed);
  feed_.ComesFrom({});
  feed_.PublishDelta({ListingOf(ObjectKind::kHost, "b.example", Verdict::kMalicious)});
  feed_.HandOver();
  ExpectTaken(2);
  EXPECT_THAT(Sources(), IsEmpty());
}

TEST_F(SourceNotesTest, AreMendedWithoutANewVersion) {
  Mend("forbidden");
  ExpectTaken(1);
  EXPECT_EQ(Sources()[0].redistribution, Redistribution::kForbidden);
  Restart();
  EXPECT_EQ(Sources()[0].redistribution, Redistribution::kForbidden);
}

TEST_F(SourceNotesTest, AreMendedWherePacksWereFolded) {
  feed_.PublishDelta({ListingOf(ObjectKind::kHost, "b.example", Verdict::kMalicious)});
  feed_.HandOver();
  ExpectTaken(2);
  ASSERT_THAT(store_->Fold("threats", 0, nullptr), IsOk());
  EXPECT_EQ(Sources()[0].redistribution, Redistribution::kAllowed);
  Restart();
  Mend("internal");
  ExpectTaken(2);
  EXPECT_EQ(Sources()[0].redistribution, Redistribution::kInternal);
}

}  // namespace
}  // namespace cloister::server
