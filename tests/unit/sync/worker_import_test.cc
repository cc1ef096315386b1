// Bundles through the worker: made from folders, taken from inboxes, handed over.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "reputation/digest.h"
#include "storage/files/files.h"
#include "sync/bundle/bundle_writer.h"
#include "sync/bundle/feed_contents.h"
#include "sync/trust_state/spool.h"
#include "sync/worker/import_inbox.h"
#include "sync/worker/import_memory.h"
#include "sync/worker/log.h"
#include "sync/worker/offline_scrub.h"
#include "tests/support/folder_repository.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trust::BundleImport;

class ImportTest : public WorkerFixture {
 protected:
  ImportTest() {
    SetUpLog({.level = "error", .format = "text"});
    configuration_.spool_directory = directory_ / "spool";
    configuration_.state_directory = directory_ / "state";
    configuration_.import.folders = {directory_ / "inbox"};
    configuration_.import.poll_interval = absl::Seconds(10);
    FeedConfiguration& feed = configuration_.feeds.emplace_back();
    feed.name = "threats";
    feed.root = directory_ / "root.json";
    fs::create_directories(directory_ / "state");
    fs::create_directories(directory_ / "inbox");
    upstream_.Publish({{FileKey("one"), Malicious()}, {HostKey("bad.example"), Malicious()}}, 1);
  }

  // The bundle of what is in a folder now, as bytes.
  std::string Pack(const std::string& source, uint64_t since = 0) {
    auto feeds = bundle::FindFeeds(source);
    EXPECT_THAT(feeds, IsOk());
    bundle::BundleIndex index;
    index.created = now_;
    std::vector<bundle::FeedContents> contents;
    for (const bundle::FeedSource& feed : *feeds) {
      auto selected = bundle::SelectContents(
          feed, {.root = "", .since_version = since, .max_deltas = 24, .now = now_});
      EXPECT_THAT(selected, IsOk());
      if (!selected.ok()) return "";
      index.feeds.push_back(selected->description);
      contents.push_back(*std::move(selected));
    }
    std::string bytes;
    EXPECT_THAT(bundle::WriteBundle(
                    index, bundle::Compression::kNone,
                    [&](const bundle::BundleMember& member, const trust::ByteSink& sink) {
                      return bundle::ReadMember(contents[0], member.path, sink);
                    },
                    [&](absl::string_view piece) {
                      bytes.append(piece.data(), piece.size());
                      return absl::OkStatus();
                    }),
                IsOk());
    return bytes;
  }
  std::string PackUpstream(uint64_t since = 0) {
    testing::WriteRepository(upstream_.repository, directory_ / "mirror");
    return Pack(directory_ / "mirror", since);
  }

  void Put(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_ / ("inbox/" + name), std::ios::binary) << bytes;
  }

  // One look by a worker that has just been started.
  std::vector<BundleImport> Look(bool settled = true) {
    auto inbox = ImportInbox::Open(configuration_, &stop_);
    EXPECT_THAT(inbox, IsOk());
    return (*inbox)->LookOnce(now_, settled);
  }
  BundleImport Import(const std::string& bytes) {
    Put("one.bundle", bytes);
    auto taken = Look();
    EXPECT_THAT(taken, SizeIs(1));
    return taken.empty() ? BundleImport{} : taken[0];
  }
  std::string EntryName() {
    return trust::SpoolEntryName(uint64_t{upstream_.repository.timestamp["version"]});
  }
  std::string Origin() {
    auto text = storage::ReadFile(
        directory_ / ("spool/threats/" + EntryName() + "/" + trust::kOriginFile), 100);
    return text.ok() ? *text : "";
  }

  Configuration configuration_;
  StopFlag stop_;
};

TEST_F(ImportTest, ABundleIsHandedOverAndMarkedOffline) {
  const BundleImport import = Import(PackUpstream());
  EXPECT_EQ(import.state, "imported") << import.message;
  ASSERT_THAT(import.feeds, SizeIs(1));
  EXPECT_EQ(import.feeds[0].version, 1u);
  EXPECT_FALSE(import.feeds[0].expired);
  EXPECT_THAT(SpoolNames(), ElementsAre(EntryName()));
  EXPECT_EQ(Origin(), trust::kOriginOffline);
  // The outcome is told where cloisterd looks, and nothing unpacked stays.
  ASSERT_OK_AND_ASSIGN(
      const std::string text,
      storage::ReadFile(trust::BundleImportPath(directory_ / "spool", "one.bundle"), 1 << 20));
  ASSERT_OK_AND_ASSIGN(const BundleImport told, trust::DecodeBundleImport(text));
  EXPECT_EQ(told.state, "imported");
  EXPECT_EQ(told.sha256, import.sha256);
  EXPECT_THAT(told.sha256, SizeIs(64));
  for (const auto& entry : fs::directory_iterator(directory_ / "state")) {
    EXPECT_FALSE(absl::StartsWith(entry.path().filename().string(), ".import-")) << entry.path();
  }
}

TEST_F(ImportTest, CascadesFromOneAppliancesSpoolToAnother) {
  upstream_.Publish({{FileKey("two"), Malicious()}});
  ASSERT_THAT(Run(), IsOk());  // fetched online
  auto first = SpoolFiles();
  const std::string bytes = Pack(directory_ / "spool");
  fs::remove_all(directory_ / "state");
  fs::remove_all(directory_ / "spool");
  fs::create_directories(directory_ / "spool");
  fs::create_directories(directory_ / "state");
  EXPECT_EQ(Import(bytes).state, "imported");
  auto second = SpoolFiles();
  first.erase(EntryName() + "/origin");
  second.erase(EntryName() + "/origin");
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(second, first);
}

TEST_F(ImportTest, ABundleFromAVersionBuildsUponWhatIsThere) {
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
  upstream_.Publish({{FileKey("two"), Malicious()}});
  upstream_.Publish({{FileKey("three"), Malicious()}});
  now_ += absl::Seconds(1);
  const BundleImport import = Import(PackUpstream(1));
  EXPECT_EQ(import.state, "imported") << import.message;
  EXPECT_EQ(import.feeds[0].version, 3u);
}

TEST_F(ImportTest, ABundleWithoutItsBaseIsAGapAndSaysWhatToDo) {
  upstream_.Publish({{FileKey("two"), Malicious()}});
  const BundleImport import = Import(PackUpstream(1));
  EXPECT_EQ(import.state, "refused");
  EXPECT_EQ(import.reason, "version_gap");
  EXPECT_THAT(import.message, HasSubstr("needs version 1"));
  EXPECT_THAT(SpoolNames(), IsEmpty());
}

TEST_F(ImportTest, WhatLackedItsBaseIsTakenOnceTheBaseCame) {
  const std::string base = PackUpstream();
  upstream_.Publish({{FileKey("two"), Malicious()}});
  Put("1-later.bundle", PackUpstream(1));
  Put("2-base.bundle", base);
  auto inbox = ImportInbox::Open(configuration_, &stop_);
  ASSERT_THAT(inbox, IsOk());
  EXPECT_THAT((*inbox)->LookOnce(now_, true),
              ElementsAre(Field(&BundleImport::reason, "version_gap"),
                          Field(&BundleImport::state, "imported")));
  EXPECT_THAT((*inbox)->LookOnce(now_, true),
              ElementsAre(AllOf(Field(&BundleImport::bundle, "1-later.bundle"),
                                Field(&BundleImport::state, "imported"))));
}

TEST_F(ImportTest, EachBundleIsTakenOnce) {
  const std::string bytes = PackUpstream();
  EXPECT_EQ(Import(bytes).state, "imported");
  EXPECT_THAT(Look(), IsEmpty());
  Put("copy.bundle", bytes);
  EXPECT_THAT(Look(), ElementsAre(Field(&BundleImport::state, "unchanged")));
  EXPECT_THAT(Look(), IsEmpty());
}

TEST_F(ImportTest, ARefusedBundleLeavesTheSpoolAsItWas) {
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
  const auto before = SpoolFiles();
  upstream_.Publish({{FileKey("two"), Malicious()}});
  std::string bytes = PackUpstream();
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_EQ(Import(bytes).state, "refused");
  EXPECT_EQ(Import(PackUpstream().substr(0, 9000)).reason, "bundle_truncated");
  EXPECT_EQ(SpoolFiles(), before);
}

TEST_F(ImportTest, AnOlderBundleIsARollback) {
  const std::string older = PackUpstream();
  upstream_.Publish({{FileKey("two"), Malicious()}});
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
  const auto before = SpoolFiles();
  EXPECT_EQ(Import(older).reason, "metadata_rollback");
  EXPECT_EQ(SpoolFiles(), before);
}

TEST_F(ImportTest, ForeignSignaturesAreRefusedBeforePacksAreUnpacked) {
  FeedUpstream other(now_);
  other.Publish({{FileKey("evil"), Malicious()}}, 1);
  testing::WriteRepository(other.repository, directory_ / "mirror");
  const BundleImport import = Import(Pack(directory_ / "mirror"));
  EXPECT_EQ(import.state, "refused");
  EXPECT_EQ(import.reason, "metadata_threshold");
  EXPECT_THAT(SpoolNames(), IsEmpty());
}

// Authentic metadata are public: behind them an index of one's own would let gigabytes be unpacked.
TEST_F(ImportTest, AnIndexThatSwapsAPackIsRefusedBeforeItIsUnpacked) {
  testing::WriteRepository(upstream_.repository, directory_ / "mirror");
  ASSERT_OK_AND_ASSIGN(
      const bundle::FeedContents contents,
      bundle::SelectContents({directory_ / "mirror", ""},
                             {.root = "", .since_version = 0, .max_deltas = 24, .now = now_}));
  bundle::BundleIndex index;
  index.created = now_;
  index.feeds = {contents.description};
  bundle::BundleMember& pack = index.feeds[0].members.back();
  const std::string junk(3000, 'j');
  const reputation::Sha256Bytes hash = reputation::Sha256(junk);
  pack.bytes = junk.size();
  pack.sha256 = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  std::string bytes;
  ASSERT_THAT(bundle::WriteBundle(
                  index, bundle::Compression::kNone,
                  [&](const bundle::BundleMember& member, const trust::ByteSink& sink) {
                    return member == pack ? sink(junk)
                                          : bundle::ReadMember(contents, member.path, sink);
                  },
                  [&](absl::string_view piece) {
                    bytes.append(piece.data(), piece.size());
                    return absl::OkStatus();
                  }),
              IsOk());
  const BundleImport import = Import(bytes);
  EXPECT_EQ(import.reason, "bundle_malformed") << import.message;
  EXPECT_THAT(import.message, HasSubstr("another SHA-256"));
  EXPECT_THAT(SpoolNames(), IsEmpty());
}

TEST_F(ImportTest, AuthenticButExpiredIsTakenWithinTheAgeAlone) {
  const std::string bytes = PackUpstream();
  now_ += absl::Hours(24 * 40);  // signed for 30 days
  EXPECT_EQ(Import(bytes).reason, "metadata_expired");
  configuration_.import.accept_expired_within = absl::Hours(24 * 5);
  now_ += absl::Seconds(1);
  fs::remove(directory_ / "state/imports.json");
  EXPECT_EQ(Import(bytes).reason, "metadata_expired");
  EXPECT_THAT(SpoolNames(), IsEmpty());
  configuration_.import.accept_expired_within = absl::Hours(24 * 20);
  fs::remove(directory_ / "state/imports.json");
  const BundleImport import = Import(bytes);
  EXPECT_EQ(import.state, "imported") << import.message;
  EXPECT_TRUE(import.feeds[0].expired);
  EXPECT_EQ(Origin(), trust::kOriginOffline);
  // Online nothing has changed.
  EXPECT_THAT(Run(), testing::IsRejectedFor(RejectReason::kMetadataExpired));
}

TEST_F(ImportTest, FeedsThatNobodyConfiguredArePassedOver) {
  const std::string bytes = PackUpstream();
  configuration_.feeds[0].name = "other";
  EXPECT_EQ(Import(bytes).reason, "wrong_feed");
}

TEST_F(ImportTest, WithoutRoomNothingIsUnpackedAndItIsTriedAgainLater) {
  const std::string bytes = PackUpstream();
  configuration_.reserve_bytes = uint64_t{1} << 60;
  EXPECT_EQ(Import(bytes).reason, "no_space");
  configuration_.reserve_bytes = 0;
  EXPECT_THAT(Look(), ElementsAre(Field(&BundleImport::state, "imported")));
}

TEST_F(ImportTest, WhatThisMachineLackedIsNoFaultOfTheBundle) {
  configuration_.import.remove_after_import = true;
  fs::rename(directory_ / "root.json", directory_ / "elsewhere.json");
  EXPECT_EQ(Import(PackUpstream()).reason, "not_found");
  fs::rename(directory_ / "elsewhere.json", directory_ / "root.json");
  EXPECT_THAT(Look(), ElementsAre(Field(&BundleImport::state, "imported")));
}

TEST_F(ImportTest, OnlyRegularFilesWithPlainNamesAreTaken) {
  Put("real", PackUpstream());
  fs::create_symlink(directory_ / "inbox/real", directory_ / "inbox/link.bundle");
  fs::create_directory(directory_ / "inbox/folder.bundle");
  ASSERT_EQ(mkfifo((directory_ / "inbox/pipe.bundle").c_str(), 0600), 0);
  Put("with space.bundle", PackUpstream());
  Put(".hidden.bundle", PackUpstream());
  Put("esc\x1b[2J.bundle", PackUpstream());
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(SpoolNames(), IsEmpty());
}

TEST_F(ImportTest, NoNumberOfOtherFilesHidesABundle) {
  for (int i = 0; i < 5000; ++i) std::ofstream(directory_ / absl::StrCat("inbox/", i, ".jpg"));
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
}

TEST_F(ImportTest, WhatIsStillWrittenIsLeftAlone) {
  const std::string bytes = PackUpstream();
  auto inbox = ImportInbox::Open(configuration_, &stop_);
  ASSERT_THAT(inbox, IsOk());
  Put("slow.bundle", bytes.substr(0, 5000));
  EXPECT_THAT((*inbox)->LookOnce(now_, false), IsEmpty());
  Put("slow.bundle", bytes);
  now_ += absl::Seconds(11);
  EXPECT_THAT((*inbox)->LookOnce(now_, false), IsEmpty());  // it has grown
  now_ += absl::Seconds(11);
  EXPECT_THAT((*inbox)->LookOnce(now_, false),
              ElementsAre(Field(&BundleImport::state, "imported")));
}

TEST_F(ImportTest, RemovesWhatItTookWhereItMay) {
  configuration_.import.remove_after_import = true;
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
  EXPECT_FALSE(fs::exists(directory_ / "inbox/one.bundle"));
  // What may still be growing stays.
  EXPECT_EQ(Import(PackUpstream().substr(0, 9000)).reason, "bundle_truncated");
  EXPECT_TRUE(fs::exists(directory_ / "inbox/one.bundle"));
}

TEST_F(ImportTest, RottenPacksAreToldAndMendedByTheSameBundle) {
  configuration_.scrub_interval = absl::Hours(24);
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
  const auto before = SpoolFiles();
  std::vector<absl::Status> told;
  std::unique_ptr<ImportInbox> inbox = *ImportInbox::Open(configuration_, &stop_);
  OfflineScrub scrub(configuration_);
  const auto run = [&] {
    scrub.RunIfDue(now_, [&](const std::string& feed, const absl::Status& scrubbed) {
      told.push_back(scrubbed);
      if (!scrubbed.ok()) inbox->TakeAgain(feed);
    });
  };
  run();
  EXPECT_THAT(told, ElementsAre(IsOk()));
  Rot(PackOnOffer("full-1-1"));
  run();  // not before it is due
  EXPECT_THAT(told, SizeIs(1));
  now_ += absl::Hours(25);
  run();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told[1], testing::IsRejectedFor(RejectReason::kPackRotten));
  EXPECT_THAT(std::string(told[1].message()), HasSubstr("import the bundle again"));
  EXPECT_NE(SpoolFiles(), before);
  EXPECT_THAT(inbox->LookOnce(now_, true), ElementsAre(Field(&BundleImport::state, "imported")));
  EXPECT_EQ(SpoolFiles(), before);
  now_ += absl::Hours(25);
  run();
  EXPECT_THAT(told, SizeIs(3));
  EXPECT_THAT(told.back(), IsOk());
}

TEST_F(ImportTest, RottenPacksAreMendedByACopyThoughNothingIsScrubbed) {
  const std::string bytes = PackUpstream();
  EXPECT_EQ(Import(bytes).state, "imported");
  const auto before = SpoolFiles();
  Rot(PackOnOffer("full-1-1"));
  Put("copy.bundle", bytes);
  EXPECT_THAT(Look(), ElementsAre(Field(&BundleImport::state, "imported")));
  EXPECT_EQ(SpoolFiles(), before);
}

// The feed's own run has the state, so the import waits with everything unpacked.
TEST_F(ImportTest, EndsSoonThoughEverythingIsUnpacked) {
  Put("one.bundle", PackUpstream());
  fs::create_directories(directory_ / "state/threats");
  const int lock = open((directory_ / "state/threats/lock").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  std::vector<BundleImport> taken;
  std::thread importer([&] { taken = Look(); });
  const auto is_unpacked = [&] {
    for (const auto& entry : fs::directory_iterator(directory_ / "state")) {
      if (!absl::StartsWith(entry.path().filename().string(), ".import-")) continue;
      std::error_code gone;
      for (const auto& pack : fs::directory_iterator(entry.path() / "threats/targets", gone)) {
        if (pack.path().extension() == ".sst") return true;
      }
    }
    return false;
  };
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!is_unpacked() && absl::Now() < deadline) std::this_thread::yield();
  stop_.Set();
  close(lock);
  importer.join();
  EXPECT_THAT(taken, IsEmpty());
  EXPECT_THAT(SpoolFiles(), IsEmpty());
  // The next start takes it again.
  StopFlag again;
  auto inbox = ImportInbox::Open(configuration_, &again);
  ASSERT_THAT(inbox, IsOk());
  EXPECT_THAT((*inbox)->LookOnce(now_, true), ElementsAre(Field(&BundleImport::state, "imported")));
}

TEST_F(ImportTest, AMediumMayComeAndGo) {
  fs::remove_all(directory_ / "inbox");
  EXPECT_THAT(Look(), IsEmpty());
  fs::create_directories(directory_ / "inbox");
  EXPECT_EQ(Import(PackUpstream()).state, "imported");
}

TEST_F(ImportTest, WhatIsRenamedIntoPlaceIsTakenAtOnce) {
  configuration_.import.poll_interval = absl::Hours(1);
  configuration_.import.remove_after_import = true;
  Put("upload.part", PackUpstream().substr(0, 9000));
  auto inbox = ImportInbox::Open(configuration_, &stop_);
  ASSERT_THAT(inbox, IsOk());
  EXPECT_THAT((*inbox)->LookOnce(now_, false), IsEmpty());
  std::string reason;
  std::thread worker([&] {
    (*inbox)->RunUntilStopped([] {},
                              [&](const BundleImport& import) {
                                reason = import.reason;
                                stop_.Set();
                              });
  });
  fs::rename(directory_ / "inbox/upload.part", directory_ / "inbox/upload.bundle");
  worker.join();
  EXPECT_EQ(reason, "bundle_truncated");
  // Cut short, but nobody writes to it any more.
  EXPECT_FALSE(fs::exists(directory_ / "inbox/upload.bundle"));
}

TEST_F(ImportTest, AStartRemovesWhatACrashLeft) {
  fs::create_directories(directory_ / "state/.import-abc123/threats/targets");
  std::ofstream(directory_ / "state/.import-abc123/threats/targets/half") << "half";
  Look();
  EXPECT_FALSE(fs::exists(directory_ / "state/.import-abc123"));
}

TEST(ImportMemoryTest, IsBoundedAndOutlivesARestart) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "imports.json";
  ASSERT_OK_AND_ASSIGN(ImportMemory memory, ImportMemory::Open(path, 20));
  const auto file = [](size_t number) {
    return InboxFile{"/in", absl::StrCat(number, ".bundle"), number, 1'900'000'000'123'456'789};
  };
  for (size_t i = 0; i < 22; ++i) {
    BundleImport outcome;
    outcome.reason = i == 5 ? "version_gap" : "";
    outcome.feeds = {{"threats", i < 20 ? "imported" : "refused", 1, false, "", ""}};
    ASSERT_THAT(memory.Remember(file(i), outcome), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(ImportMemory again, ImportMemory::Open(path));
  EXPECT_FALSE(again.Knows(file(1)));
  EXPECT_TRUE(again.Knows(file(2)));
  InboxFile touched = file(2);
  touched.modified_ns += 1;
  EXPECT_FALSE(again.Knows(touched));
  ASSERT_THAT(again.Forget("version_gap"), IsOk());
  EXPECT_FALSE(again.Knows(file(5)));
  ASSERT_THAT(again.ForgetLastOf("other"), IsOk());
  EXPECT_TRUE(again.Knows(file(19)));
  ASSERT_THAT(again.ForgetLastOf("threats"), IsOk());
  EXPECT_FALSE(again.Knows(file(19)));
  EXPECT_TRUE(again.Knows(file(18)));
  EXPECT_TRUE(again.Knows(file(21)));
  // Media say what they like about times: a single odd one must not cost the others.
  InboxFile ancient = file(3);
  ancient.modified_ns = static_cast<uint64_t>(-157'766'400) * 1'000'000'000;
  ASSERT_THAT(memory.Remember(ancient, BundleImport()), IsOk());
  ASSERT_OK_AND_ASSIGN(again, ImportMemory::Open(path));
  EXPECT_TRUE(again.Knows(ancient));
  EXPECT_TRUE(again.Knows(file(2)));
  std::ofstream(path) << "rubbish";
  ASSERT_OK_AND_ASSIGN(ImportMemory fresh, ImportMemory::Open(path));
  EXPECT_FALSE(fresh.Knows(file(2)));
}

TEST(BundleImportTest, IsToldAndReadAlike) {
  BundleImport import;
  import.bundle = "a.bundle";
  import.state = "refused";
  import.reason = "bundle_path";
  import.message = "with \x1b and \xff";
  import.finished = absl::FromUnixSeconds(1'900'000'000);
  import.feeds = {{ "threats", "imported", 8, true, "", "" }};
  ASSERT_OK_AND_ASSIGN(const BundleImport read,
                       trust::DecodeBundleImport(trust::EncodeBundleImport(import)));
  EXPECT_EQ(read.reason, "bundle_path");
  EXPECT_EQ(read.finished, import.finished);
  ASSERT_THAT(read.feeds, SizeIs(1));
  EXPECT_TRUE(read.feeds[0].expired);
  for (const char* bad : {"", "{}", "[]", "{\"bundle\": 1}"}) {
    EXPECT_EQ(trust::DecodeBundleImport(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
}

TEST(BundleFileNameTest, IsPlainOrNone) {
  for (const char* good : {"a.bundle", "7c1e.bundle", "A-b_c.1.bundle"}) {
    EXPECT_TRUE(trust::IsBundleFileName(good)) << good;
  }
  for (const std::string& bad :
       {std::string(".bundle"), std::string(".a.bundle"), std::string("a b.bundle"),
        std::string("../a.bundle"), std::string("a/b.bundle"), std::string("a.bundle.json"),
        std::string("a\n.bundle"), std::string(129, 'a') + ".bundle", std::string("a.tar")}) {
    EXPECT_FALSE(trust::IsBundleFileName(bad)) << bad;
  }
}

}  // namespace
}  // namespace cloister::worker
