// A publisher that is killed: whatever instant that is, clients go on, and so does the next run.

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using testing::IsOk;
using Clock = std::chrono::steady_clock;

std::vector<FeedEntry> Files(uint32_t from, uint32_t to) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = from; i < to; ++i) {
    entries.push_back(FileEntry(i, reputation::Verdict::kMalicious, absl::StrCat("T.", i % 7)));
  }
  return entries;
}

using Entries = std::map<std::string, std::string>;

Entries EntriesOf(PublishedFeed& feed, const std::vector<FeedEntry>& listed) {
  Entries entries;
  const auto sorted = feed.Sort(listed);
  for (auto cursor = (*sorted)->NewCursor(); cursor->Valid(); cursor->Next()) {
    entries[std::string(cursor->key())] = std::string(cursor->value());
  }
  return entries;
}

// Publishes in a process of its own, killed after `delay`. Returns whether it got to the end.
bool PublishAndKill(PublishedFeed& feed, const std::vector<FeedEntry>& entries,
                    std::chrono::microseconds delay) {
  const pid_t child = fork();
  if (child == 0) _exit(feed.Publish(entries).ok() ? 0 : 1);
  const auto end = Clock::now() + delay;
  int status = 0;
  while (Clock::now() < end) {
    if (waitpid(child, &status, WNOHANG) == child) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
      return true;
    }
    std::this_thread::yield();
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(PublishKill, LeavesWhatClientsAcceptAtAnyInstant) {
  constexpr int kRounds = 60;
  PublishedFeed feed("threats", {.versions = 8, .snapshots = 2, .grace = absl::ZeroDuration()});
  ASSERT_THAT(feed.Publish(Files(0, 300)), IsOk());
  auto published = feed.Fetch();
  ASSERT_THAT(published, IsOk());
  const auto begin = Clock::now();
  ASSERT_THAT(feed.Publish(Files(1, 301)), IsOk());
  const auto usual = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  published = feed.Fetch();

  int killed = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<FeedEntry> next = Files(2 + round, 302 + round);
    feed.options.now += absl::Minutes(1);
    feed.options.snapshot = round % 5 == 0;
    // From the first microsecond to beyond the end.
    killed += PublishAndKill(feed, next, usual * round * 5 / (kRounds * 4)) ? 0 : 1;
    // Either the old version or the new one, whole.
    const auto fetched = feed.Fetch();
    ASSERT_THAT(fetched, IsOk()) << "round " << round;
    const Entries wanted = EntriesOf(feed, next);
    EXPECT_TRUE(*fetched == wanted || *fetched == *published) << "round " << round;
    // The next run goes on from there.
    feed.options.now += absl::Minutes(1);
    ASSERT_THAT(feed.Publish(next), IsOk()) << "round " << round;
    published = feed.Fetch();
    ASSERT_THAT(published, IsOk()) << "round " << round;
    EXPECT_EQ(*published, wanted);
    EXPECT_FALSE(std::filesystem::exists(feed.path() + "/.building"));
  }
  RecordProperty("killed", killed);
  EXPECT_GT(killed, kRounds / 4);
  // Nothing of what was broken off stays for ever.
  const size_t before = feed.OfferedNames().size();
  ASSERT_THAT(feed.Publish(Files(5000, 5300)), IsOk());
  EXPECT_LE(feed.PackFiles().size(), before + feed.OfferedNames().size());
}

}  // namespace
}  // namespace cloister::publisher
