// A disk that is really full: a small file system of memory, mounted where only this test sees it.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "storage/store/database.h"
#include "storage/store/reputation_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/storage/sample_packs.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;

constexpr int kNotPermitted = 77;

// Runs `body` in a process of its own that sees `directory` as a disk of 64 MiB.
void OnSmallDisk(const std::string& directory, const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
      _exit(kNotPermitted);
    }
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=64m") != 0) _exit(kNotPermitted);
    body();
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotPermitted) {
    GTEST_SKIP() << "this user may not mount a file system of memory";
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
}

// Leaves `bytes_left` on the disk at `path`, until the file "filler" is removed.
void Fill(const std::string& path, uint64_t bytes_left) {
  ASSERT_OK_AND_ASSIGN(const uint64_t free, FreeBytes(path));
  const int file = open((path + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  EXPECT_EQ(posix_fallocate(file, 0, static_cast<off_t>(free - bytes_left)), 0);
  close(file);
}

Override SampleOverride() {
  Override value;
  value.record.verdict = reputation::Verdict::kTrusted;
  value.text = "a file";
  value.reason = std::string(1000, 'r');
  value.actor = "operator@example.org";
  value.set_at = absl::FromUnixSeconds(1'700'000'000);
  return value;
}

std::unique_ptr<ReputationStore> OpenStore(const std::string& disk) {
  ReputationStore::Options options;
  options.directory = disk + "/data";
  options.feeds = {"threats"};
  options.reserve_bytes = 0;
  auto opened = ReputationStore::Open(options);
  EXPECT_THAT(opened, IsOk());
  return opened.ok() ? *std::move(opened) : nullptr;
}

TEST(FullDiskTest, WritesAreRefusedInTimeAndTakenAgainWhenThereIsRoom) {
  const testing::TemporaryDirectory disk;
  OnSmallDisk(disk.path(), [&] {
    const auto store = OpenStore(disk.path());
    ASSERT_NE(store, nullptr);
    SampleFeed threats(*store, "threats");
    const VersionSpec first = threats.Snapshot(1, SampleEntries(0, 10));
    ASSERT_THAT(store->Serve(first), IsOk());
    const VersionSpec second = threats.Delta(first, SampleEntries(0, 10), 2, SampleEntries(0, 11));
    Fill(disk.path(), kLogRoomBytes / 2);
    EXPECT_THAT(store->SetOverride(SampleKey(1), SampleOverride()).status(),
                IsRejectedFor(RejectReason::kNoSpace));
    EXPECT_THAT(store->Serve(second), IsRejectedFor(RejectReason::kNoSpace));
    EXPECT_EQ(store->Current()->Find(std::vector{SampleKey(1)}).matches.size(), 1u);
    unlink((disk.path() + "/filler").c_str());
    EXPECT_THAT(store->SetOverride(SampleKey(1), SampleOverride()).status(), IsOk());
    EXPECT_THAT(store->Serve(second), IsOk());
  });
}

// Another process may take the last block between the look and the write.
TEST(FullDiskTest, ALogThatCouldNotBeWrittenRefusesWritesAndNeverAborts) {
  const testing::TemporaryDirectory disk;
  OnSmallDisk(disk.path(), [&] {
    ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(disk.path() + "/db", 1 << 20));
    const Database& database = *opened.database;
    rocksdb::WriteOptions synced;
    synced.sync = true;
    Fill(disk.path(), 0);
    const std::string value(1 << 16, 'v');
    EXPECT_TRUE(database.db()->Put(synced, database.meta(), "key", value).IsNoSpace());
    // RocksDB asks before it recovers by itself, and was told not to.
    EXPECT_TRUE(database.recovery_refused());
    unlink((disk.path() + "/filler").c_str());
    EXPECT_TRUE(database.db()->Put(synced, database.meta(), "key", value).IsNoSpace());
    // It looks every five seconds whether there is room; `make fault` waits for that.
    if (getenv("CLOISTER_DISK_FAULTS") == nullptr) return;
    const absl::Time end = absl::Now() + absl::Seconds(7);
    while (absl::Now() < end) {
      ASSERT_TRUE(database.db()->Put(synced, database.meta(), "key", value).IsNoSpace());
      std::this_thread::yield();
    }
  });
}

}  // namespace
}  // namespace cloister::storage
