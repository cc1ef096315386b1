// What the worker does besides fetching: going on with broken downloads, reading again what it
// handed over, keeping others out of the spool, and being a mirror.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/files/files.h"
#include "sync/transport/folder/folder_fetcher.h"
#include "sync/trust_state/spool.h"
#include "sync/worker/stop_flag.h"
#include "sync/worker/stoppable_fetcher.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Outcome = CycleResult::Outcome;

// A source whose connection breaks after so many bytes of packs.
class BreakingSource : public trust::Fetcher {
 public:
  BreakingSource(trust::Fetcher& source, uint64_t bytes) : source_(source), left_(bytes) {}

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override {
    return source_.Metadata(name, max_bytes);
  }
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override {
    offsets.push_back(offset);
    return source_.Target(name, offset, max_bytes, [&](absl::string_view bytes) {
      if (bytes.size() > left_) return absl::UnavailableError("the connection broke");
      left_ -= bytes.size();
      if (at_first_bytes) std::exchange(at_first_bytes, nullptr)();
      return sink(bytes);
    });
  }

  std::vector<uint64_t> offsets;
  std::function<void()> at_first_bytes;  // called before they are passed on

 private:
  trust::Fetcher& source_;
  uint64_t left_;
};

class UpkeepTest : public WorkerFixture {
 protected:
  void PublishFirst(uint32_t parts = 1) {
    upstream_.Publish({{FileKey("one"), Malicious()},
                       {FileKey("two"), Malicious()},
                       {FileKey("three"), Malicious()}},
                      parts);
  }
  void PublishDelta(absl::string_view key) { upstream_.Publish({{FileKey(key), Malicious()}}); }

  absl::StatusOr<CycleResult> RunBroken(uint64_t bytes, std::vector<uint64_t>* offsets = nullptr) {
    BreakingSource source(upstream_.repository, bytes);
    auto result = FeedCycle(Options()).Run(source, now_);
    if (offsets != nullptr) *offsets = source.offsets;
    return result;
  }

  std::vector<std::string> Partials() const {
    std::vector<std::string> partials;
    const auto all = storage::ListDirectory(directory_ / "state/threats/packs");
    for (const std::string& name : *all) {
      if (absl::EndsWith(name, ".part")) partials.push_back(name);
    }
    return partials;
  }
  std::string EntryName() {
    return trust::SpoolEntryName(uint64_t{upstream_.repository.timestamp["version"]});
  }
};

TEST_F(UpkeepTest, ABrokenDownloadGoesOnInTheNextRun) {
  PublishFirst();
  EXPECT_THAT(RunBroken(700), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Partials(), SizeIs(1));
  std::vector<uint64_t> offsets;
  ASSERT_OK_AND_ASSIGN(const CycleResult result, RunBroken(1 << 20, &offsets));
  EXPECT_THAT(offsets, ElementsAre(700));
  EXPECT_EQ(result.outcome, Outcome::kHandedOver);
  EXPECT_EQ(result.bytes_fetched + 700, fs::file_size(PackOnOffer("full-1-1")));
  EXPECT_THAT(Partials(), IsEmpty());
}

TEST_F(UpkeepTest, APoisonedBeginningIsThrownAwayInTheSameRun) {
  PublishFirst();
  EXPECT_FALSE(RunBroken(700).ok());
  Rot(directory_ / ("state/threats/packs/" + Partials()[0]));
  std::vector<uint64_t> offsets;
  EXPECT_THAT(RunBroken(1 << 20, &offsets), IsOk());
  EXPECT_THAT(offsets, ElementsAre(700, 0));
}

TEST_F(UpkeepTest, BrokenDownloadsAreBoundToWhatIsOffered) {
  PublishFirst();
  EXPECT_FALSE(RunBroken(700).ok());
  const std::string packs = directory_ / "state/threats/packs/";
  std::ofstream(packs + std::string(64, 'a') + ".part") << "of a pack that nobody offers";
  upstream_.Unlist("full-1-1.sst");
  upstream_.Publish({{FileKey("four"), Malicious()}}, 6);
  // Six parts begun, which takes more than one broken run; four stay.
  for (int i = 1; i <= 6; ++i) {
    const std::string path = PackOnOffer(absl::StrCat("full-2-", i));
    std::ofstream(path.substr(0, path.size() - 4) + ".part") << std::string(i, 'x');
  }
  EXPECT_FALSE(RunBroken(0).ok());
  EXPECT_LE(Partials().size(), 5u);  // and the one begun in this run
  EXPECT_THAT(Run(), IsOk());
  EXPECT_THAT(*storage::ListDirectory(packs), SizeIs(6));
}

TEST_F(UpkeepTest, ASignedFileThatIsNoPackLeavesNothing) {
  BuiltPack built = BuildPack({"threats", 0, 1, 1, 1}, {{FileKey("x"), Malicious()}},
                              {{FileKey("x"), Malicious()}});
  built.bytes = "no pack, but signed";
  upstream_.List(built.target, built.bytes);
  upstream_.repository.UpdateTargets();
  EXPECT_THAT(Run(), IsRejectedFor(RejectReason::kPackUnreadable));
  EXPECT_THAT(*storage::ListDirectory(directory_ / "state/threats/packs"), IsEmpty());
}

// A mirror of one chain lists what the publisher lists.
TEST_F(UpkeepTest, APackThatIsListedButMissingIsGoneRound) {
  PublishFirst();
  PublishDelta("four");
  upstream_.Publish({{FileKey("five"), Malicious()}}, 1);
  auto& repository = upstream_.repository;
  for (const auto& [name, bytes] : repository.target_files) {
    if (absl::StrContains(name, "full-3-1")) repository.missing.insert(name);
  }
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(RequestedTargets(),
              ElementsAre("full-3-1.sst", "full-1-1.sst", "delta-1-2.sst", "delta-2-3.sst"));
}

TEST_F(UpkeepTest, ALongChainOfNewRootsIsFollowedToItsEnd) {
  PublishFirst();
  for (int i = 0; i < 7; ++i) upstream_.repository.RotateRootKey();
  CycleOptions options = Options();
  options.limits.max_root_rotations = 3;
  EXPECT_THAT(FeedCycle(options).Run(upstream_.repository, now_), IsOk());
  // Longer than one run follows: the next one goes on.
  for (int i = 0; i < 15; ++i) upstream_.repository.RotateRootKey();
  EXPECT_THAT(FeedCycle(options).Run(upstream_.repository, now_),
              IsRejectedFor(RejectReason::kRootRotationLimit));
  EXPECT_THAT(FeedCycle(options).Run(upstream_.repository, now_), IsOk());
}

TEST_F(UpkeepTest, AFolderIsLeftInTheMiddleOfAPackWhenTold) {
  PublishFirst();
  StopFlag stop;
  BreakingSource source(upstream_.repository, 1 << 20);
  source.at_first_bytes = [&] { stop.Set(); };
  StoppableFetcher fetcher(source, stop.fd());
  EXPECT_THAT(FeedCycle(Options()).Run(fetcher, now_), HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(SpoolNames(), IsEmpty());
  EXPECT_THAT(fetcher.Metadata("timestamp.json", 1000), HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(UpkeepTest, ARottenPackIsFetchedAndHandedOverAgainThoughNothingIsNew) {
  PublishFirst();
  CycleOptions options = Options();
  options.scrub_interval = absl::Hours(24);
  FeedCycle cycle(options);
  ASSERT_THAT(cycle.Run(upstream_.repository, now_), IsOk());
  RequestedTargets();
  Rot(PackOnOffer("full-1-1"));
  ASSERT_OK_AND_ASSIGN(const CycleResult mended, cycle.Run(upstream_.repository, now_));
  EXPECT_EQ(mended.packs_rotten, 1u);
  EXPECT_EQ(mended.outcome, Outcome::kHandedOver);
  EXPECT_THAT(RequestedTargets(), ElementsAre("full-1-1.sst"));
  // Not again before it is due.
  Rot(PackOnOffer("full-1-1"));
  now_ += absl::Hours(23);
  ASSERT_OK_AND_ASSIGN(const CycleResult early, cycle.Run(upstream_.repository, now_));
  EXPECT_EQ(early.outcome, Outcome::kUnchanged);
  now_ += absl::Hours(2);
  ASSERT_OK_AND_ASSIGN(const CycleResult due, cycle.Run(upstream_.repository, now_));
  EXPECT_EQ(due.packs_rotten, 1u);
  // What lies in the spool now is what was signed.
  const std::string targets = directory_ / ("spool/threats/" + EntryName() + "/targets");
  const std::string name = storage::ListDirectory(targets)->front();
  EXPECT_EQ(*storage::ReadFile(targets + "/" + name, 1 << 20),
            upstream_.repository.target_files.at(name));
}

TEST_F(UpkeepTest, AnEntryThatIsNotWholeIsHandedOverAgain) {
  PublishFirst(2);
  ASSERT_THAT(Run(), IsOk());
  const auto whole = SpoolFiles();
  const std::string entry = directory_ / ("spool/threats/" + EntryName());
  const std::string pack =
      entry + "/targets/" + storage::ListDirectory(entry + "/targets")->front();
  const std::vector<std::function<void()>> damages = {
      [&] { fs::remove(pack); },
      [&] { fs::remove(pack), fs::create_symlink("/etc/passwd", pack); },
      [&] { fs::remove(pack), std::ofstream(pack) << "short"; },
      [&] { std::ofstream(entry + "/targets/more.sst") << "more"; },
      [&] { std::ofstream(entry + "/metadata/timestamp.json") << "{}"; },
      [&] { fs::remove_all(entry + "/metadata"); },
  };
  for (size_t i = 0; i < damages.size(); ++i) {
    damages[i]();
    EXPECT_THAT(Run(), IsOk()) << i;
    EXPECT_EQ(SpoolFiles(), whole) << i;
  }
}

TEST_F(UpkeepTest, EntriesThatOthersPutAboveAreRemovedThoughNothingIsNew) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  const auto before = SpoolNames();
  for (const uint64_t version : {uint64_t{1'000}, UINT64_MAX}) {
    fs::create_directories(directory_ / ("spool/threats/" + trust::SpoolEntryName(version)));
  }
  fs::create_symlink("/etc", directory_ / ("spool/threats/" + trust::SpoolEntryName(2'000)));
  ASSERT_OK_AND_ASSIGN(const CycleResult result, Run());
  EXPECT_EQ(result.outcome, Outcome::kUnchanged);
  EXPECT_EQ(SpoolNames(), before);
  EXPECT_TRUE(fs::exists("/etc"));
}

// What comes in bundles may be old; what comes online may not.
TEST_F(UpkeepTest, ExpiredMetadataIsTakenOfflineOnlyAndMarkedSo) {
  upstream_.repository.SetExpires(trust::Role::kTimestamp, now_ + absl::Hours(24));
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  const std::string origin = directory_ / ("spool/threats/" + EntryName() + "/origin");
  EXPECT_EQ(*storage::ReadFile(origin, 10), "online");
  now_ += absl::Hours(24 * 5);
  EXPECT_THAT(Run(), IsRejectedFor(RejectReason::kMetadataExpired));
  CycleOptions offline = Options();
  offline.origin = trust::kOriginOffline;
  offline.accept_expired_within = absl::Hours(24 * 3);
  EXPECT_THAT(FeedCycle(offline).Run(upstream_.repository, now_),
              IsRejectedFor(RejectReason::kMetadataExpired));
  offline.accept_expired_within = absl::Hours(24 * 5);
  ASSERT_OK_AND_ASSIGN(const CycleResult taken, FeedCycle(offline).Run(upstream_.repository, now_));
  EXPECT_TRUE(taken.expired);
  // The same files as before, and yet another entry: the server would not take it online.
  EXPECT_EQ(*storage::ReadFile(origin, 10), "offline");
  ASSERT_OK_AND_ASSIGN(const CycleResult again, FeedCycle(offline).Run(upstream_.repository, now_));
  EXPECT_EQ(again.outcome, Outcome::kUnchanged);
}

class MirrorTest : public UpkeepTest {
 protected:
  MirrorTest() { fs::create_directories(directory_ / "mirror"); }

  CycleOptions MirrorOptions() {
    CycleOptions options = Options();
    options.mirror_directory = directory_ / "mirror";
    return options;
  }
  absl::Status Mirror(const CycleOptions& options) {
    auto result = FeedCycle(options).Run(upstream_.repository, now_);
    return result.ok() ? result->mirrored : result.status();
  }
  absl::Status Mirror() { return Mirror(MirrorOptions()); }

  // Another worker, which fetches from that mirror.
  CycleOptions Downstream() {
    CycleOptions options = Options();
    options.spool_directory = directory_ / "downstream/spool";
    options.state_directory = directory_ / "downstream/state";
    fs::create_directories(options.spool_directory);
    return options;
  }
  absl::StatusOr<CycleResult> RunDownstream() {
    auto source = transport::FolderFetcher::Open(directory_ / "mirror/threats");
    if (!source.ok()) return source.status();
    return FeedCycle(Downstream()).Run(**source, now_);
  }

  // Names below the mirror, without the hashes before those of packs.
  std::vector<std::string> MirrorNames(const std::string& folder) {
    std::vector<std::string> names;
    const auto all = storage::ListDirectory(directory_ / ("mirror/threats/" + folder));
    for (const std::string& name : *all) {
      names.push_back(absl::EndsWith(name, ".sst") ? name.substr(65) : name);
    }
    return names;
  }
};

TEST_F(MirrorTest, IsARepositoryForAnotherWorker) {
  upstream_.repository.RotateRootKey();
  PublishFirst(2);
  PublishDelta("four");
  ASSERT_THAT(Mirror(), IsOk());
  ASSERT_THAT(RunDownstream(), IsOk());
  const auto here = SpoolFiles();
  for (const auto& [name, bytes] : here) {
    EXPECT_EQ(*storage::ReadFile(directory_ / ("downstream/spool/threats/" + name), 1 << 20), bytes)
        << name;
  }
  // Newer versions come down the same way.
  PublishDelta("five");
  ASSERT_THAT(Mirror(), IsOk());
  ASSERT_OK_AND_ASSIGN(const CycleResult result, RunDownstream());
  EXPECT_EQ(result.version, 3u);
  EXPECT_EQ(result.packs_fetched, 1u);
}

TEST_F(MirrorTest, CanBeReadByWhoeverServesIt) {
  PublishFirst();
  const mode_t before = umask(077);
  ASSERT_THAT(Mirror(), IsOk());
  umask(before);
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / "mirror")) {
    struct stat info {};
    ASSERT_EQ(lstat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, entry.is_directory() ? 0755u : 0644u) << entry.path();
    const bool pack = absl::EndsWith(entry.path().string(), ".sst");
    EXPECT_EQ(info.st_nlink > 1, entry.is_directory() || pack) << "packs are no copies";
  }
}

TEST_F(MirrorTest, PacksFetchedBeforeThereWasOneCanBeReadThereToo) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  ASSERT_THAT(Mirror(), IsOk());
  for (const auto& entry : fs::directory_iterator(directory_ / "mirror/threats/targets")) {
    EXPECT_EQ(fs::status(entry).permissions(), static_cast<fs::perms>(0644)) << entry.path();
  }
}

TEST_F(MirrorTest, HoldsEveryPackOnOfferUnlessToldOtherwise) {
  PublishFirst();
  PublishDelta("four");
  upstream_.Publish({{FileKey("five"), Malicious()}}, 1);
  ASSERT_THAT(Mirror(), IsOk());
  EXPECT_THAT(MirrorNames("targets"), UnorderedElementsAre("full-1-1.sst", "delta-1-2.sst",
                                                           "delta-2-3.sst", "full-3-1.sst"));
  fs::remove_all(directory_ / "mirror/threats");
  fs::remove_all(directory_ / "state");
  CycleOptions options = MirrorOptions();
  options.mirror_all = false;
  ASSERT_THAT(Mirror(options), IsOk());
  EXPECT_THAT(MirrorNames("targets"), ElementsAre("full-3-1.sst"));
  EXPECT_THAT(RunDownstream(), IsOk());
}

TEST_F(MirrorTest, OfOneChainServesThoseWhoWouldHaveTakenAnother) {
  PublishFirst();
  PublishDelta("four");
  CycleOptions options = MirrorOptions();
  options.mirror_all = false;
  ASSERT_THAT(Mirror(options), IsOk());
  // Here a delta is cheaper; a newcomer down there would take the new snapshot, which is listed.
  upstream_.Publish({{FileKey("five"), Malicious()}}, 1);
  ASSERT_THAT(Mirror(options), IsOk());
  EXPECT_THAT(MirrorNames("targets"),
              UnorderedElementsAre("full-1-1.sst", "delta-1-2.sst", "delta-2-3.sst"));
  ASSERT_OK_AND_ASSIGN(const CycleResult result, RunDownstream());
  EXPECT_EQ(result.version, 3u);
}

TEST_F(MirrorTest, KeepsWhatClientsOfTheLastGenerationStillFetch) {
  PublishFirst();
  ASSERT_THAT(Mirror(), IsOk());
  upstream_.Unlist("full-1-1.sst");
  upstream_.Publish({{FileKey("four"), Malicious()}}, 1);
  ASSERT_THAT(Mirror(), IsOk());
  EXPECT_THAT(MirrorNames("targets"),
              UnorderedElementsAre("full-1-1.sst", "delta-1-2.sst", "full-2-1.sst"));
  EXPECT_THAT(MirrorNames("metadata"),
              UnorderedElementsAre("1.root.json", "2.snapshot.json", "2.targets.json",
                                   "3.snapshot.json", "3.targets.json", "timestamp.json"));
  // A publisher that vouches anew makes no generation.
  upstream_.repository.UpdateTimestamp();
  ASSERT_THAT(Mirror(), IsOk());
  EXPECT_THAT(MirrorNames("targets"), SizeIs(3));
  upstream_.Unlist("delta-1-2.sst");
  upstream_.Publish({{FileKey("five"), Malicious()}}, 0);
  ASSERT_THAT(Mirror(), IsOk());
  EXPECT_THAT(MirrorNames("targets"),
              UnorderedElementsAre("delta-1-2.sst", "full-2-1.sst", "delta-2-3.sst"));
}

TEST_F(MirrorTest, IsCompletedAfterACrash) {
  PublishFirst();
  ASSERT_THAT(Mirror(), IsOk());
  const std::string mirror = directory_ / "mirror/threats/";
  fs::remove(mirror + "targets/" + storage::ListDirectory(mirror + "targets")->front());
  fs::remove(mirror + "metadata/timestamp.json");
  fs::remove(mirror + "metadata/2.targets.json");
  std::ofstream(mirror + "targets/.linking") << "";
  std::ofstream(mirror + "metadata/2.snapshot.json") << "half";
  ASSERT_THAT(Mirror(), IsOk());
  EXPECT_THAT(RunDownstream(), IsOk());
  EXPECT_FALSE(fs::exists(mirror + "targets/.linking"));
}

TEST_F(MirrorTest, ThatCannotBeWrittenKeepsNothingFromTheServer) {
  PublishFirst();
  CycleOptions options = MirrorOptions();
  options.mirror_directory = directory_ / "none";
  ASSERT_OK_AND_ASSIGN(const CycleResult result,
                       FeedCycle(options).Run(upstream_.repository, now_));
  EXPECT_EQ(result.outcome, Outcome::kHandedOver);
  EXPECT_THAT(result.mirrored, IsRejectedFor(RejectReason::kIoError));
  EXPECT_THAT(SpoolNames(), SizeIs(1));
}

TEST_F(MirrorTest, ShowsNothingNewBeforeAllOfItIsThere) {
  PublishFirst();
  ASSERT_THAT(Mirror(), IsOk());
  const std::string metadata = directory_ / "mirror/threats/metadata/";
  const std::string before = *storage::ReadFile(metadata + "timestamp.json", 1 << 20);
  PublishDelta("four");
  fs::create_directories(metadata + "3.targets.json/in the way");
  EXPECT_FALSE(Mirror().ok());
  EXPECT_EQ(*storage::ReadFile(metadata + "timestamp.json", 1 << 20), before);
  EXPECT_THAT(RunDownstream(), IsOk());
  fs::remove_all(metadata + "3.targets.json");
  ASSERT_THAT(Mirror(), IsOk());
  ASSERT_OK_AND_ASSIGN(const CycleResult result, RunDownstream());
  EXPECT_EQ(result.version, 2u);
}

TEST_F(MirrorTest, ThatCannotBeWrittenDoesNotLetPacksPileUp) {
  PublishFirst();
  CycleOptions options = MirrorOptions();
  options.mirror_directory = directory_ / "none";
  for (int i = 0; i < 3; ++i) {
    upstream_.Unlist(absl::StrCat("full-", upstream_.version, "-1.sst"));
    upstream_.Unlist(absl::StrCat("delta-", upstream_.version - 1, "-", upstream_.version, ".sst"));
    upstream_.Publish({{FileKey(absl::StrCat(i)), Malicious()}}, 1);
    ASSERT_THAT(FeedCycle(options).Run(upstream_.repository, now_), IsOk());
  }
  EXPECT_THAT(*storage::ListDirectory(directory_ / "state/threats/packs"), SizeIs(1));
}

TEST_F(MirrorTest, ARottenPackIsReplacedThereToo) {
  PublishFirst();
  CycleOptions options = MirrorOptions();
  ASSERT_THAT(Mirror(options), IsOk());
  Rot(PackOnOffer("full-1-1"));
  options.scrub_interval = absl::Hours(1);
  ASSERT_THAT(Mirror(options), IsOk());
  EXPECT_THAT(RunDownstream(), IsOk());
}

}  // namespace
}  // namespace cloister::worker
