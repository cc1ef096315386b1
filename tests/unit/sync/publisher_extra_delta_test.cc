// Deltas that are asked for: cloister-publish delta.

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/repository/extra_delta.h"
#include "sync/publisher/signing/key_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using reputation::RejectReason;
using ::testing::Contains;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsRejectedFor;
using ::testing::Not;

std::vector<FeedEntry> Files(uint32_t from, uint32_t to) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = from; i < to; ++i) entries.push_back(FileEntry(i));
  return entries;
}

// One request, made and, if `commit`, published.
absl::StatusOr<ExtraDelta> Make(PublishedFeed& feed, uint64_t from, uint64_t to, bool commit) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(feed.path());
  if (!repository.ok()) return repository.status();
  absl::StatusOr<Published> published = (*repository)->Load(feed.options.now);
  if (!published.ok()) return published.status();
  auto delta = BuildExtraDelta(**repository, *published, {from, to}, feed.options);
  if (!delta.ok() || !commit) return delta;
  return OfferExtraDelta(**repository, *published, *delta, feed.signers, feed.options);
}

TEST(ExtraDelta, LeadsStraightFromOneHeldVersionToAnother) {
  PublishedFeed feed;
  for (uint32_t version = 1; version <= 9; ++version) {
    ASSERT_THAT(feed.Publish(Files(version, version + 20)), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(ExtraDelta planned, Make(feed, 3, 8, false));
  EXPECT_EQ(planned.added, 5u);
  EXPECT_EQ(planned.removed, 5u);
  EXPECT_EQ(planned.pack.entries, 10u);
  EXPECT_GT(planned.chain_bytes, planned.pack.bytes);
  EXPECT_THAT(feed.OfferedNames(), Not(Contains("delta-3-8.sst")));

  ASSERT_THAT(Make(feed, 3, 8, true), IsOk());
  EXPECT_THAT(feed.OfferedNames(), Contains("delta-3-8.sst"));
  EXPECT_THAT(Make(feed, 3, 8, true), HasCode(absl::StatusCode::kAlreadyExists));
  // It stays with the next version, and clients get there through it.
  ASSERT_THAT(feed.Publish(Files(10, 30)), IsOk());
  ASSERT_OK_AND_ASSIGN(std::vector<trust::PackTarget> offered, feed.Offered());
  std::vector<trust::PackTarget> held;
  for (const trust::PackTarget& pack : offered) {
    if (pack.to_version <= 3) held.push_back(pack);
  }
  ASSERT_OK_AND_ASSIGN(std::vector<trust::PackTarget> chain,
                       trust::CheapestChain(offered, held, 24));
  std::vector<std::string> names;
  for (const trust::PackTarget& pack : chain) names.push_back(pack.path);
  EXPECT_THAT(names, Contains("delta-3-8.sst"));
  EXPECT_THAT(feed.Fetch(), IsOk());
}

TEST(ExtraDelta, WhatCannotBeMadeIsRefusedByReason) {
  PublishedFeed feed("threats", {.versions = 2, .snapshots = 1});
  for (uint32_t version = 1; version <= 7; ++version) {
    feed.options.snapshot = version == 4;
    ASSERT_THAT(feed.Publish(Files(version, version + 20)), IsOk());
  }
  EXPECT_THAT(Make(feed, 5, 5, false), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Make(feed, 6, 5, false), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Make(feed, 0, 5, false), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Make(feed, 5, 9, false), IsRejectedFor(RejectReason::kVersionGap));
  const absl::StatusOr<ExtraDelta> gone = Make(feed, 2, 7, false);
  EXPECT_THAT(gone, IsRejectedFor(RejectReason::kVersionGap));
  EXPECT_THAT(std::string(gone.status().message()), HasSubstr("held: 4, 6, 7"));
  feed.options.max_delta_bytes = 100;
  EXPECT_THAT(Make(feed, 4, 7, false), HasCode(absl::StatusCode::kFailedPrecondition));
  feed.options.max_delta_bytes = 1 << 20;
  ASSERT_OK_AND_ASSIGN(SigningKey stranger, SigningKey::Generate());
  std::swap(feed.signers.targets.front(), stranger);
  EXPECT_THAT(Make(feed, 4, 7, true), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(feed.OfferedNames(), Not(Contains("delta-4-7.sst")));
}

TEST(DeltaCommand, PlansWithoutKeysAndPublishesOnCommit) {
  PublishedFeed feed;
  for (uint32_t version = 1; version <= 6; ++version) {
    ASSERT_THAT(feed.Publish(Files(version, version + 20)), IsOk());
  }
  const std::string path = feed.path();
  const char* const words[] = {"cloister-publish", "delta", "--repository", path.c_str(),
                               "--from",           "1",     "--to",         "6"};
  const ParseOutcome outcome = ParseArguments(std::size(words), words);
  ASSERT_TRUE(outcome.arguments.has_value());
  Arguments arguments = *outcome.arguments;
  ASSERT_EQ(arguments.run, RunDelta);
  std::ostringstream out;
  const Console console{out, out, false, feed.options.now};
  ASSERT_THAT(RunDelta(arguments, console), IsOk());
  EXPECT_THAT(out.str(), HasSubstr("Would publish delta-1-6.sst"));
  EXPECT_THAT(out.str(), HasSubstr("--commit"));
  EXPECT_THAT(feed.OfferedNames(), Not(Contains("delta-1-6.sst")));

  arguments.commit = true;
  EXPECT_FALSE(RunDelta(arguments, console).ok());
  EXPECT_THAT(feed.OfferedNames(), Not(Contains("delta-1-6.sst")));
  out.str("");
  arguments.keys.folders = {feed.keys_directory()};
  ASSERT_THAT(RunDelta(arguments, console), IsOk());
  EXPECT_THAT(out.str(), HasSubstr("Published delta-1-6.sst"));
  EXPECT_THAT(feed.OfferedNames(), Contains("delta-1-6.sst"));
}

}  // namespace
}  // namespace cloister::publisher
