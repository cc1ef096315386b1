#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/storage/store_fixture.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::IsEmpty;

// By key: encoded record before and after, "" where there is none.
using Changes = std::map<std::string, std::pair<std::string, std::string>>;

class StoreCompareTest : public StoreTest {
 protected:
  static std::string Encoded(const std::optional<reputation::Record>& record) {
    std::string value;
    if (!record) return value;
    EXPECT_THAT(reputation::EncodeRecord(*record, &value), IsOk());
    return value;
  }

  static RecordChangeVisitor Into(Changes* changes) {
    return [changes, last = std::string()](const RecordChange& change) mutable {
      if (!change.differs()) return absl::OkStatus();
      EXPECT_LT(last, std::string(change.key)) << "keys do not rise";
      last = std::string(change.key);
      (*changes)[last] = {Encoded(change.before), Encoded(change.after)};
      return absl::OkStatus();
    };
  }

  static Changes Expected(const Entries& before, const Entries& after) {
    Changes changes;
    for (const auto& [key, value] : RecordsOf(before)) changes[key].first = value;
    for (const auto& [key, value] : RecordsOf(after)) changes[key].second = value;
    std::erase_if(changes, [](const auto& c) { return c.second.first == c.second.second; });
    return changes;
  }

  Changes Found(const VersionSpec& spec) {
    Changes changes;
    EXPECT_THAT(store_->Compare(spec, Into(&changes)), IsOk());
    return changes;
  }
};

TEST_F(StoreCompareTest, DeltasAndWholeVersionsTellTheSame) {
  const Entries v1 = SampleEntries(0, 9000, 1);
  Entries v2 = SampleEntries(1000, 9000, 1);
  for (uint64_t i = 2000; i < 2100; ++i) {
    v2[std::string(SampleKey(i).bytes())] = SampleValue(99, 7);
  }
  Entries v3 = v2;  // takes back some of what version 2 changed
  for (uint64_t i = 2000; i < 2050; ++i) {
    v3[std::string(SampleKey(i).bytes())] = SampleValue(1, 7);
  }
  for (uint64_t i = 0; i < 10; ++i) v3[std::string(SampleKey(i).bytes())] = SampleValue(1, 7);
  const VersionSpec base = Threats().Snapshot(1, v1, 3);
  ASSERT_THAT(store_->Serve(base), IsOk());
  const VersionSpec second = Threats().Delta(base, v1, 2, v2);
  const VersionSpec third = Threats().Delta(second, v2, 3, v3);
  EXPECT_THAT(Found(base), IsEmpty());
  EXPECT_EQ(Found(second), Expected(v1, v2));
  EXPECT_EQ(Found(third), Expected(v1, v3));
  EXPECT_EQ(Found(Threats().Snapshot(3, v3, 2)), Expected(v1, v3));
  // The way back reads both whole.
  ASSERT_THAT(store_->Serve(third), IsOk());
  EXPECT_EQ(Found(base), Expected(v3, v1));
  Changes kept;
  EXPECT_THAT(store_->CompareKept("threats", 1, Into(&kept)), IsOk());
  EXPECT_EQ(kept, Expected(v3, v1));
}

TEST_F(StoreCompareTest, AFirstVersionIsAllNew) {
  const Entries v1 = SampleEntries(0, 100);
  EXPECT_EQ(Found(Threats().Snapshot(1, v1)), Expected({}, v1));
  EXPECT_THAT(Found(Threats().Snapshot(1, {})), IsEmpty());
}

TEST_F(StoreCompareTest, AVisitorMayEndIt) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, SampleEntries(0, 100))), IsOk());
  int calls = 0;
  EXPECT_THAT(store_->Compare(Threats().Snapshot(2, SampleEntries(50, 100)),
                              [&calls](const RecordChange&) {
                                ++calls;
                                return absl::CancelledError("enough");
                              }),
              HasCode(absl::StatusCode::kCancelled));
  EXPECT_EQ(calls, 1);
}

TEST_F(StoreCompareTest, AVisitorMayEndItWhereNothingDiffers) {
  const Entries entries = SampleEntries(0, 9000);
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, entries)), IsOk());
  EXPECT_THAT(store_->Compare(Threats().Snapshot(2, entries, 2),
                              [](const RecordChange& change) {
                                EXPECT_FALSE(change.differs());
                                return absl::CancelledError("enough");
                              }),
              HasCode(absl::StatusCode::kCancelled));
}

TEST_F(StoreCompareTest, NeedsPacksThatAreThere) {
  const RecordChangeVisitor ignore = [](const RecordChange&) { return absl::OkStatus(); };
  const VersionSpec spec = Threats().Snapshot(1, SampleEntries(0, 10));
  std::filesystem::remove(store_->PackPath(spec.packs[0].sha256));
  EXPECT_THAT(store_->Compare(spec, ignore), IsRejectedFor(RejectReason::kPackUnreadable));
  EXPECT_THAT(store_->CompareKept("threats", 1, ignore), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->CompareKept("other", 1, ignore), HasCode(absl::StatusCode::kNotFound));
}

// What is compared stays readable while other versions are served and packs removed.
TEST_F(StoreCompareTest, WritersGoOnMeanwhile) {
  const Entries v1 = SampleEntries(0, 1000);
  const Entries v2 = SampleEntries(500, 1000);
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, v1)), IsOk());
  const VersionSpec waiting = Threats().Snapshot(2, v2);
  ASSERT_THAT(store_->Keep(waiting), IsOk());
  Changes changes;
  const RecordChangeVisitor into = Into(&changes);
  bool first = true;
  ASSERT_THAT(store_->CompareKept("threats", 2,
                                  [&](const RecordChange& change) {
                                    if (first) {
                                      EXPECT_THAT(store_->Forget("threats", 2), IsOk());
                                      EXPECT_THAT(
                                          store_->Serve(Threats().Snapshot(3, SampleEntries(9, 9))),
                                          IsOk());
                                    }
                                    first = false;
                                    return into(change);
                                  }),
              IsOk());
  EXPECT_FALSE(store_->HasPack(waiting.packs[0].sha256));
  EXPECT_EQ(changes, Expected(v1, v2));
}

}  // namespace
}  // namespace cloister::storage
