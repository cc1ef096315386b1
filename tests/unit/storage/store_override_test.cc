#include <rocksdb/db.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/store/database.h"
#include "storage/store/override_batch.h"
#include "storage/store/stored_version.h"
#include "tests/unit/storage/store_fixture.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::IpPrefix;
using ::cloister::reputation::LookupKey;
using ::cloister::reputation::Verdict;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Override SampleOverride(const std::string& text = "a file") {
  Override value;
  value.record.verdict = Verdict::kTrusted;
  value.label.threat_name = "Not.A.Threat";
  value.text = text;
  value.reason = "checked by hand";
  value.actor = "operator@example.org";
  value.set_at = absl::FromUnixMicros(1'700'000'000'123'456);
  return value;
}

std::vector<KeyedOverride> SampleBatch(uint64_t first, uint64_t count) {
  std::vector<KeyedOverride> batch;
  for (uint64_t i = first; i < first + count; ++i) {
    batch.emplace_back(SampleKey(i), SampleOverride(absl::StrCat("file ", i)));
  }
  return batch;
}

AuditEvent ImportEvent() {
  return {absl::FromUnixSeconds(1'700'000'000), "operator@example.org", "override.import",
          "batch 1 of hash:bad.txt; ticket 12"};
}

class StoreOverrideTest : public StoreTest {
 protected:
  // Changes the database behind the store's back, which is closed meanwhile.
  void Tamper(const std::function<void(const Database&)>& change) {
    store_.reset();
    {
      ASSERT_OK_AND_ASSIGN(OpenedDatabase opened,
                           OpenedDatabase::Open(options_.directory + "/db", 1 << 20));
      change(*opened.database);
    }
    Reopen();
  }
};

TEST_F(StoreOverrideTest, SetsFindsAndDeletes) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, SampleEntries(0, 10))), IsOk());
  std::vector<LookupKey> keys = {SampleKey(3), SampleKey(4)};
  ASSERT_OK_AND_ASSIGN(uint64_t set_at, store_->SetOverride(keys[0], SampleOverride()));
  std::shared_ptr<const Generation> generation = store_->Current();
  EXPECT_EQ(generation->number(), set_at);
  EXPECT_EQ(generation->override_count(), 1u);
  FindResult found = generation->Find(keys);
  ASSERT_THAT(found.matches, SizeIs(3));
  EXPECT_EQ(found.matches[0].layer, 0u);
  EXPECT_EQ(found.matches[0].key_index, 0u);
  EXPECT_EQ(found.matches[0].record.verdict, Verdict::kTrusted);
  ASSERT_OK_AND_ASSIGN(Override stored, generation->FindOverride(keys[0]));
  EXPECT_EQ(stored.record, SampleOverride().record);
  EXPECT_EQ(stored.label, SampleOverride().label);
  EXPECT_EQ(stored.reason, "checked by hand");
  EXPECT_EQ(stored.set_at, SampleOverride().set_at);
  EXPECT_THAT(generation->FindOverride(keys[1]), HasCode(absl::StatusCode::kNotFound));

  ASSERT_OK_AND_ASSIGN(uint64_t gone_at,
                       store_->DeleteOverride(keys[0], "someone", "mistake", absl::Now()));
  EXPECT_GT(gone_at, set_at);
  EXPECT_EQ(store_->Current()->override_count(), 0u);
  EXPECT_THAT(store_->Current()->Find(keys).matches, SizeIs(2));
  // The generation taken before still sees it.
  EXPECT_THAT(generation->Find(keys).matches, SizeIs(3));
  EXPECT_THAT(store_->DeleteOverride(keys[0], "someone", "again", absl::Now()),
              HasCode(absl::StatusCode::kNotFound));
  EXPECT_EQ(store_->audit_count(), 2u);
}

TEST_F(StoreOverrideTest, SurviveAReopenTogetherWithTheirAuditEntries) {
  ASSERT_OK_AND_ASSIGN(IpPrefix prefix, IpPrefix::Parse("198.51.100.0/24"));
  ASSERT_THAT(store_->SetOverride(SampleKey(1), SampleOverride()), IsOk());
  ASSERT_THAT(store_->SetOverride(SampleKey(1), SampleOverride("again")), IsOk());
  Override network = SampleOverride("198.51.100.0/24");
  network.kind = reputation::ObjectKind::kIp;
  ASSERT_OK_AND_ASSIGN(uint64_t number,
                       store_->SetOverride(LookupKey::ForIpPrefix(prefix), network));
  Reopen();
  std::shared_ptr<const Generation> generation = store_->Current();
  EXPECT_EQ(generation->number(), number);
  EXPECT_EQ(generation->override_count(), 2u);
  EXPECT_TRUE(generation->prefix_lengths().v4[24]);
  ASSERT_OK_AND_ASSIGN(Override again, generation->FindOverride(SampleKey(1)));
  EXPECT_EQ(again.text, "again");
  EXPECT_THAT(store_->VerifyAudit(), IsOk());
  ASSERT_OK_AND_ASSIGN(std::vector<AuditRecord> trail, store_->ListAudit(2, 10));
  ASSERT_THAT(trail, SizeIs(2));
  EXPECT_EQ(trail[0].sequence, 2u);
  EXPECT_EQ(trail[1].action, "override.set");
  EXPECT_EQ(trail[1].actor, "operator@example.org");
  EXPECT_EQ(trail[1].at, network.set_at);
  EXPECT_THAT(trail[1].detail,
              AllOf(HasSubstr("ip 198.51.100.0/24"), HasSubstr("trusted"), HasSubstr("by hand")));
  ASSERT_OK_AND_ASSIGN(trail, store_->ListAudit(0, 1));
  EXPECT_THAT(trail, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(trail, store_->ListAudit(4, 1));
  EXPECT_THAT(trail, IsEmpty());
}

TEST_F(StoreOverrideTest, ImportsDoNotTouchOverrides) {
  ASSERT_THAT(store_->SetOverride(SampleKey(1), SampleOverride()), IsOk());
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, SampleEntries(0, 10))), IsOk());
  EXPECT_EQ(store_->Current()->override_count(), 1u);
  EXPECT_EQ(store_->Current()->number(), 2u);
  ASSERT_THAT(store_->SetOverride(SampleKey(2), SampleOverride()), IsOk());
  ASSERT_THAT(store_->Serve(Threats().Snapshot(2, SampleEntries(0, 10))), IsOk());
  Reopen();
  EXPECT_EQ(store_->Current()->number(), 4u);
  EXPECT_EQ(store_->Current()->override_count(), 2u);
}

TEST_F(StoreOverrideTest, ListsInPages) {
  std::vector<std::string> expected;
  for (uint64_t i = 0; i < 25; ++i) {
    ASSERT_THAT(store_->SetOverride(SampleKey(i), SampleOverride(absl::StrCat(i))), IsOk());
    expected.push_back(std::string(SampleKey(i).bytes()));
  }
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> listed;
  std::string after;
  while (true) {
    ASSERT_OK_AND_ASSIGN(auto page, store_->Current()->ListOverrides(after, 10));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 10u);
    for (const auto& [key, value] : page) listed.push_back(std::string(key.bytes()));
    after = listed.back();
  }
  EXPECT_EQ(listed, expected);
}

TEST_F(StoreOverrideTest, RefusesWhatCannotBeStoredAndWritesNothing) {
  Override removed = SampleOverride();
  removed.record = reputation::Record::Removed();
  Override excluded = SampleOverride();
  excluded.record = reputation::Record::Excluded(reputation::Scope::kExact);
  Override not_text = SampleOverride("\xff");
  Override longer = SampleOverride();
  longer.reason = std::string(9000, 'r');
  Override bad_label = SampleOverride();
  bad_label.label.vendor = std::string(300, 'v');
  Override out_of_range = SampleOverride();
  out_of_range.record.confidence = 101;
  for (const Override& value : {removed, excluded, not_text, longer, bad_label, out_of_range}) {
    EXPECT_THAT(store_->SetOverride(SampleKey(1), value), HasCode(kInvalid));
  }
  ASSERT_THAT(store_->SetOverride(SampleKey(1), SampleOverride()), IsOk());
  EXPECT_THAT(store_->DeleteOverride(SampleKey(1), "\xff", "reason", absl::Now()),
              HasCode(kInvalid));
  EXPECT_EQ(store_->audit_count(), 1u);
  EXPECT_EQ(store_->Current()->override_count(), 1u);
}

TEST_F(StoreOverrideTest, ABatchIsOneWriteOneGenerationAndOneAuditEntry) {
  ASSERT_THAT(store_->SetOverride(SampleKey(3), SampleOverride("before")), IsOk());
  const std::vector<KeyedOverride> batch = SampleBatch(0, 1000);
  const uint64_t before = store_->Current()->number();
  ASSERT_OK_AND_ASSIGN(const uint64_t number, store_->SetOverrides(batch, ImportEvent()));
  EXPECT_EQ(number, before + 1);
  EXPECT_EQ(store_->Current()->number(), number);
  Reopen();
  EXPECT_EQ(store_->Current()->number(), number);
  EXPECT_EQ(store_->Current()->override_count(), 1000u);
  for (const auto& [key, value] : batch) {
    ASSERT_OK_AND_ASSIGN(const Override stored, store_->Current()->FindOverride(key));
    EXPECT_EQ(stored.text, value.text);
    EXPECT_EQ(stored.record, value.record);
  }
  EXPECT_THAT(store_->VerifyAudit(), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<AuditRecord> trail, store_->ListAudit(2, 10));
  ASSERT_THAT(trail, SizeIs(1));
  EXPECT_EQ(trail[0].action, "override.import");
  EXPECT_THAT(trail[0].detail,
              ::testing::MatchesRegex("1000 overrides, of which 1 replaced others, sha256 "
                                      "[0-9a-f]{64}; batch 1 of hash:bad.txt; ticket 12"));
}

TEST_F(StoreOverrideTest, OfEqualKeysInABatchTheLastOneStands) {
  std::vector<KeyedOverride> batch = SampleBatch(0, 2);
  batch.emplace_back(SampleKey(1), SampleOverride("the last word"));
  ASSERT_THAT(store_->SetOverrides(batch, ImportEvent()), IsOk());
  EXPECT_EQ(store_->Current()->override_count(), 2u);
  ASSERT_OK_AND_ASSIGN(const Override stored, store_->Current()->FindOverride(SampleKey(1)));
  EXPECT_EQ(stored.text, "the last word");
  ASSERT_THAT(store_->SetOverrides(batch, ImportEvent()), IsOk());
  EXPECT_EQ(store_->Current()->override_count(), 2u);
  ASSERT_OK_AND_ASSIGN(const std::vector<AuditRecord> trail, store_->ListAudit(1, 10));
  ASSERT_THAT(trail, SizeIs(2));
  EXPECT_THAT(trail[0].detail, HasSubstr("2 overrides, of which 0 replaced others"));
  EXPECT_THAT(trail[1].detail, HasSubstr("2 overrides, of which 2 replaced others"));
}

// What was imported can be shown later: the digest depends on all that the overrides say, and not
// on the order in which they came, nor on who imported them, when and why.
TEST_F(StoreOverrideTest, TheAuditEntryOfABatchHasTheDigestOfWhatItSays) {
  const std::vector<KeyedOverride> batch = SampleBatch(0, 20);
  std::vector<KeyedOverride> same(batch.rbegin(), batch.rend());
  for (auto& [key, value] : same) {
    value.reason = "another";
    value.actor = "somebody else";
    value.set_at = absl::FromUnixSeconds(1'800'000'000);
  }
  const auto sha256 = [](const std::vector<KeyedOverride>& overrides) {
    return EncodeOverrideBatch(overrides).value().sha256;
  };
  EXPECT_EQ(sha256(batch), sha256(same));
  const std::function<void(KeyedOverride&)> changes[] = {
      [](KeyedOverride& one) { one.first = SampleKey(99); },
      [](KeyedOverride& one) { one.second.text = "other"; },
      [](KeyedOverride& one) { one.second.record.verdict = Verdict::kMalicious; },
      [](KeyedOverride& one) { one.second.record.valid_until_hours = 5; },
      [](KeyedOverride& one) { one.second.record.applies_to = 1; },
      [](KeyedOverride& one) { one.second.label.threat_name = "Other"; },
      [](KeyedOverride& one) { one.second.label.categories = {reputation::Category::kScam}; },
  };
  for (size_t i = 0; i < std::size(changes); ++i) {
    std::vector<KeyedOverride> changed = batch;
    changes[i](changed[7]);
    EXPECT_NE(sha256(batch), sha256(changed)) << "change " << i;
  }
}

TEST_F(StoreOverrideTest, ABatchWithOneThatCannotBeStoredIsNotWrittenAtAll) {
  std::vector<KeyedOverride> excluded = SampleBatch(0, 10);
  excluded[4].second.record.excluded = true;
  std::vector<KeyedOverride> not_text = SampleBatch(0, 10);
  not_text[9].second.text = "\xff";
  for (const std::vector<KeyedOverride>& batch :
       {excluded, not_text, std::vector<KeyedOverride>()}) {
    EXPECT_THAT(store_->SetOverrides(batch, ImportEvent()), HasCode(kInvalid));
  }
  EXPECT_EQ(store_->audit_count(), 0u);
  EXPECT_EQ(store_->Current()->override_count(), 0u);
  EXPECT_EQ(store_->Current()->number(), 0u);
}

TEST_F(StoreOverrideTest, NetworksOfABatchAreFoundByTheirLength) {
  ASSERT_OK_AND_ASSIGN(const IpPrefix prefix, IpPrefix::Parse("2001:db8::/33"));
  Override network = SampleOverride("2001:db8::/33");
  network.kind = reputation::ObjectKind::kIp;
  const std::vector<KeyedOverride> batch = {{LookupKey::ForIpPrefix(prefix), network}};
  ASSERT_THAT(store_->SetOverrides(batch, ImportEvent()), IsOk());
  EXPECT_TRUE(store_->Current()->prefix_lengths().v6[33]);
}

TEST_F(StoreOverrideTest, TheTrailNamesTheFirstEntryThatWasTamperedWith) {
  for (uint64_t i = 1; i <= 5; ++i) {
    ASSERT_THAT(store_->SetOverride(SampleKey(i), SampleOverride(absl::StrCat("object ", i))),
                IsOk());
  }
  ASSERT_THAT(store_->VerifyAudit(), IsOk());
  std::map<uint64_t, std::string> good;
  auto restore = [&](const Database& database) {
    for (const auto& [sequence, value] : good) {
      ASSERT_TRUE(
          database.db()
              ->Put(rocksdb::WriteOptions(), database.audit(), EncodeNumber(sequence), value)
              .ok());
    }
  };
  Tamper([&](const Database& database) {
    for (uint64_t i = 1; i <= 5; ++i) {
      ASSERT_TRUE(database.db()
                      ->Get(rocksdb::ReadOptions(), database.audit(), EncodeNumber(i), &good[i])
                      .ok());
    }
  });
  struct Case {
    const char* name;
    uint64_t entry;
    const char* replace_with;  // for "object"; null removes the entry
    const char* says;
  };
  for (const Case& c : {Case{"edited", 3, "oBject", "entry 3 was altered"},
                        Case{"first edited", 1, "oBject", "entry 1 was altered"},
                        Case{"last edited", 5, "oBject", "entry 5 was altered"},
                        Case{"removed", 2, nullptr, "entry 2 is missing"},
                        Case{"cut short", 5, nullptr, "entry 5 is missing"}}) {
    Tamper([&](const Database& database) {
      restore(database);
      std::string key = EncodeNumber(c.entry);
      rocksdb::WriteOptions write;
      if (c.replace_with == nullptr) {
        ASSERT_TRUE(database.db()->Delete(write, database.audit(), key).ok());
        return;
      }
      std::string value = good[c.entry];
      value.replace(value.find("object"), 6, c.replace_with);
      ASSERT_TRUE(database.db()->Put(write, database.audit(), key, value).ok());
    });
    absl::Status status = store_->VerifyAudit();
    EXPECT_THAT(status, HasCode(absl::StatusCode::kDataLoss)) << c.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says)) << c.name;
  }
  Tamper(restore);
  EXPECT_THAT(store_->VerifyAudit(), IsOk());
}

}  // namespace
}  // namespace cloister::storage
