// cloister-bundle, and cloister-sync over bundles, as processes.

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/trust_state/spool.h"
#include "tests/support/folder_repository.h"
#include "tests/support/process.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::testing::IsOk;
using ::cloister::testing::Process;
using ::cloister::testing::ProcessResult;
using ::cloister::testing::ProgramPath;
using ::cloister::testing::RunProcess;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(60);

reputation::Record Trusted() {
  reputation::Record record;
  record.verdict = reputation::Verdict::kTrusted;
  return record;
}

class BundleProgramTest : public WorkerFixture {
 protected:
  BundleProgramTest() {
    Begin(absl::Now());
    upstream_.Publish({{FileKey("a"), Trusted()},
                       {FileKey("b"), Trusted()},
                       {FileKey("c"), Trusted()},
                       {HostKey("bad.example"), Malicious()}},
                      1);
    Write();
  }

  // The programs look at the real clock.
  void Begin(absl::Time now) {
    upstream_ = FeedUpstream(now);
    std::ofstream(directory_ / "root.json") << upstream_.repository.InitialState().root;
  }
  void Write() { testing::WriteRepository(upstream_.repository, directory_ / "repo"); }

  ProcessResult RunBundle(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ProgramPath("cloister-bundle"));
    auto result = RunProcess({.argv = arguments, .working_directory = directory_.path()}, kLong);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : ProcessResult{};
  }
  ProcessResult Create(const std::string& out, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"create", "--from", "repo", "--out", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunBundle(arguments);
  }
  std::string Bytes(const std::string& name) {
    auto bytes = storage::ReadFile(directory_ / name, 1 << 20);
    EXPECT_THAT(bytes, IsOk());
    return bytes.ok() ? *bytes : "";
  }
};

TEST_F(BundleProgramTest, PacksAndVerifies) {
  const ProcessResult created = Create("a.bundle", {"--root", "root.json"});
  EXPECT_EQ(created.exit_code, 0) << created.errors;
  EXPECT_EQ(created.errors, "");
  EXPECT_THAT(created.output, StartsWith("threats: from nothing to version 1, issued "));
  const ProcessResult verified =
      RunBundle({"verify", "--root", "threats=root.json", "a.bundle", "--output", "json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.errors;
  const auto json = nlohmann::json::parse(verified.output);
  EXPECT_EQ(json["feeds"][0]["outcome"], "authentic");
  EXPECT_EQ(json["feeds"][0]["version"], 1);
  EXPECT_EQ(json["feeds"][0]["records"], 4);
  const ProcessResult inspected = RunBundle({"inspect", "a.bundle", "--members"});
  EXPECT_EQ(inspected.exit_code, 0);
  EXPECT_THAT(inspected.output, AllOf(HasSubstr("threats/metadata/1.root.json"),
                                      HasSubstr("'cloister-bundle verify' proves it")));
}

TEST_F(BundleProgramTest, TheSameSourceMakesTheSameBytes) {
  const auto create = [&](const std::string& out) {
    auto result = RunProcess(
        {.argv = {ProgramPath("cloister-bundle"), "create", "--from", "repo", "--out", out},
         .environment = {"SOURCE_DATE_EPOCH=1900000000"},
         .working_directory = directory_.path()},
        kLong);
    EXPECT_THAT(result, IsOk());
  };
  create("a.bundle");
  create("b.bundle");
  EXPECT_EQ(Bytes("a.bundle"), Bytes("b.bundle"));
}

TEST_F(BundleProgramTest, NeverReplacesAFileUnasked) {
  std::ofstream(directory_ / "a.bundle") << "mine";
  EXPECT_EQ(Create("a.bundle").exit_code, 1);
  EXPECT_EQ(Bytes("a.bundle"), "mine");
  EXPECT_EQ(Create("a.bundle", {"--force"}).exit_code, 0);
  EXPECT_NE(Bytes("a.bundle"), "mine");
}

TEST_F(BundleProgramTest, VerifyingNeedsARootAndTheRightOne) {
  ASSERT_EQ(Create("a.bundle").exit_code, 0);
  const ProcessResult without = RunBundle({"verify", "a.bundle"});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.errors, HasSubstr("--root threats=FILE"));
  std::ofstream(directory_ / "other.json")
      << testing::RepositorySimulator(absl::Now()).InitialState().root;
  const ProcessResult foreign = RunBundle({"verify", "a.bundle", "--root", "other.json"});
  EXPECT_EQ(foreign.exit_code, 1);
  EXPECT_THAT(foreign.output, StartsWith("threats: refused, metadata_threshold: "));
}

TEST_F(BundleProgramTest, AuthenticButExpiredHasItsOwnExitCode) {
  Begin(absl::Now() - absl::Hours(24 * 40));  // signed for 30 days
  upstream_.Publish({{FileKey("a"), Trusted()}}, 1);
  fs::remove_all(directory_ / "repo");
  Write();
  const ProcessResult created = Create("a.bundle", {"--root", "root.json"});
  EXPECT_EQ(created.exit_code, 0);
  EXPECT_THAT(created.errors, HasSubstr("warning: threats expired "));
  const ProcessResult verified = RunBundle({"verify", "a.bundle", "--root", "root.json"});
  EXPECT_EQ(verified.exit_code, 3) << verified.errors;
  EXPECT_THAT(verified.output, StartsWith("threats: authentic, but expired since "));
}

TEST_F(BundleProgramTest, AnAlteredPackIsRefusedByReason) {
  ASSERT_EQ(Create("a.bundle").exit_code, 0);
  std::string bytes = Bytes("a.bundle");
  bytes[bytes.size() - 2000] ^= 1;
  std::ofstream(directory_ / "a.bundle") << bytes;
  const ProcessResult verified = RunBundle({"verify", "a.bundle", "--root", "root.json"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_THAT(verified.errors, HasSubstr("bundle_malformed: "));
  // And one whose source was altered is never made.
  for (const auto& entry : fs::directory_iterator(directory_ / "repo/targets")) {
    std::string pack = *storage::ReadFile(entry.path(), 1 << 20);
    pack[100] ^= 1;
    std::ofstream(entry.path()) << pack;
  }
  const ProcessResult created = Create("b.bundle");
  EXPECT_EQ(created.exit_code, 1);
  EXPECT_THAT(created.errors, HasSubstr("target_hash_mismatch"));
  EXPECT_FALSE(fs::exists(directory_ / "b.bundle"));
}

TEST_F(BundleProgramTest, SaysWhatWouldChange) {
  ASSERT_EQ(Create("old.bundle").exit_code, 0);
  upstream_.Publish({{FileKey("a"), Malicious()},
                     {FileKey("b"), Malicious()},
                     {FileKey("c"), Malicious()},
                     {HostKey("worse.example"), Malicious()},
                     {HostKey("worst.example"), Malicious()},
                     {HostKey("bad.example"), reputation::Record::Removed()}});
  Write();
  const ProcessResult created = Create("new.bundle", {"--since", "1"});
  ASSERT_EQ(created.exit_code, 0) << created.errors;
  const ProcessResult difference = RunBundle({"diff", "new.bundle", "old.bundle"});
  EXPECT_EQ(difference.exit_code, 0) << difference.errors;
  EXPECT_EQ(difference.output,
            "threats: from version 1 to 2\n"
            "  3 trusted become malicious\n"
            "  2 malicious added\n"
            "  1 malicious removed\n");
  const ProcessResult same = RunBundle({"diff", "new.bundle", "--against", "repo"});
  EXPECT_THAT(same.output, HasSubstr("nothing changes")) << same.errors;
}

TEST_F(BundleProgramTest, NothingLeadsFromAVersionThatIsNotOffered) {
  const ProcessResult newer = Create("a.bundle", {"--since", "1"});
  EXPECT_EQ(newer.exit_code, 1);
  EXPECT_THAT(newer.errors, HasSubstr("has already"));
  upstream_.Publish({{FileKey("d"), Malicious()}});
  upstream_.Unlist("delta-1-2.sst");
  upstream_.Publish({{FileKey("e"), Malicious()}}, 1);
  Write();
  const ProcessResult gap = Create("a.bundle", {"--since", "1"});
  EXPECT_EQ(gap.exit_code, 1);
  EXPECT_THAT(gap.errors, AllOf(HasSubstr("version_gap"), HasSubstr("without --since")));
  EXPECT_EQ(Create("a.bundle").exit_code, 0);
}

// Two feeds in the spool of an appliance, each with versions of its own: "nsrl" at 1, "threats"
// at 2.
class SeveralFeedsTest : public BundleProgramTest {
 protected:
  SeveralFeedsTest() {
    fs::create_directories(directory_ / "both");
    nsrl_.PublishSnapshot({One("a")});
    nsrl_.HandOver();
    threats_.PublishSnapshot({One("a")});
    threats_.PublishDelta({One("b")}, {});
    threats_.HandOver();
  }

  static testing::Listing One(absl::string_view name) {
    return testing::ListingOf(reputation::ObjectKind::kHost, absl::StrCat(name, ".example"),
                              reputation::Verdict::kMalicious, "Test.Host");
  }
  ProcessResult CreateBoth(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"create", "--from",      "both",
                                          "--out",  "both.bundle", "--force"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunBundle(arguments);
  }

  testing::SpooledFeed nsrl_{directory_ / "both", directory_.path(), "nsrl", absl::Now()};
  testing::SpooledFeed threats_{directory_ / "both", directory_.path(), "threats", absl::Now()};
};

TEST_F(SeveralFeedsTest, EachIsPackedSinceItsOwnVersion) {
  const ProcessResult mixed = CreateBoth({"--since", "threats=1"});
  EXPECT_EQ(mixed.exit_code, 0) << mixed.errors;
  EXPECT_THAT(mixed.output, AllOf(HasSubstr("nsrl: from nothing to version 1"),
                                  HasSubstr("threats: from version 1 to 2")));
  EXPECT_THAT(CreateBoth({"--since", "urls=1"}).errors,
              HasSubstr("--since urls: both has nsrl, t"));
  for (const char* mistake : {"threats=", "threats=0", "=1", "x", "-1", "0", "9007199254740993"}) {
    EXPECT_EQ(CreateBoth({"--since", mistake}).exit_code, 2) << mistake;
  }
  EXPECT_EQ(CreateBoth({"--since", "threats=1", "--since", "threats=1"}).exit_code, 2);
}

TEST_F(SeveralFeedsTest, ThatHaveNothingNewAreLeftOut) {
  const ProcessResult one = CreateBoth({"--since", "1"});
  EXPECT_EQ(one.exit_code, 0) << one.errors;
  EXPECT_THAT(one.output, AllOf(HasSubstr("threats: from version 1 to 2"), Not(HasSubstr("nsrl"))));
  EXPECT_THAT(one.errors, HasSubstr("nsrl is at version 1, which a receiver with version 1 has "
                                    "already; left out"));
  fs::remove(directory_ / "both.bundle");
  const ProcessResult none = CreateBoth({"--since", "2"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.errors, HasSubstr("no feed has anything new; nothing was written"));
  EXPECT_FALSE(fs::exists(directory_ / "both.bundle"));
}

TEST_F(BundleProgramTest, OptionsByFeedHoldForALoneRepository) {
  upstream_.Publish({{FileKey("d"), Malicious()}});
  Write();
  const ProcessResult created = Create(
      "a.bundle", {"--feed", "threats", "--root", "threats=root.json", "--since", "threats=1"});
  EXPECT_EQ(created.exit_code, 0) << created.errors;
  EXPECT_EQ(created.errors, "");
  EXPECT_THAT(created.output, StartsWith("threats: from version 1 to 2"));
}

// An appliance that takes bundles alone.
class BundleWorkerTest : public BundleProgramTest {
 protected:
  BundleWorkerTest() {
    fs::create_directories(directory_ / "inbox");
    std::ofstream(directory_ / "sync.toml")
        << "spool_directory = 'spool'\nstate_directory = 'state'\nreserve_mb = 0\n"
        << "[import]\nfolders = ['" << (directory_ / "inbox") << "']\npoll_interval_s = 1\n"
        << "[[feed]]\nname = 'threats'\nroot = 'root.json'\n";
  }

  // The entry that the bundle makes, with its snapshot and its delta.
  void ExpectWhole(const std::string& name, const std::string& wanted) {
    EXPECT_EQ(name, wanted);
    auto packs = storage::ListDirectory(directory_ / ("spool/threats/" + name + "/targets"));
    ASSERT_THAT(packs, IsOk());
    EXPECT_THAT(*packs, SizeIs(2));
  }
};

TEST_F(BundleWorkerTest, KillsInTheMiddleOfAnImportLeaveNothingHalf) {
  Records many;
  for (int i = 0; i < 20'000; ++i) many[FileKey(absl::StrCat("file ", i))] = Malicious();
  upstream_.Publish(many, 3);
  Write();
  ASSERT_EQ(Create("inbox/a.bundle").exit_code, 0);
  const std::string entry =
      trust::SpoolEntryName(uint64_t{upstream_.repository.timestamp["version"]});
  const std::vector<std::string> command = {ProgramPath("cloister-sync"), "--config",
                                            directory_ / "sync.toml", "--once"};
  std::mt19937 random(7);
  int half_way = 0;
  for (int i = 0; i < 15; ++i) {
    fs::remove_all(directory_ / "spool/threats");
    fs::remove_all(directory_ / "state");
    auto process = Process::Start({.argv = command});
    ASSERT_THAT(process, IsOk());
    // Nothing prints this; it ends by the kill, or by itself before.
    const int life_ms = std::uniform_int_distribution<int>(5, 120)(random);
    (*process)->WaitForText("never", absl::Milliseconds(life_ms)).IgnoreError();
    (*process)->Signal(SIGKILL).IgnoreError();
    ASSERT_OK_AND_ASSIGN(const int exit_code, (*process)->Wait(kLong));
    half_way += exit_code == 0 ? 0 : 1;
    for (const std::string& name : SpoolNames()) {
      if (trust::SpoolEntryVersion(name).has_value()) ExpectWhole(name, entry);
    }
    // The next start mends what is there.
    auto next = RunProcess({.argv = command}, kLong);
    ASSERT_THAT(next, IsOk());
    EXPECT_EQ(next->exit_code, 0) << next->output << next->errors;
    EXPECT_THAT(SpoolNames(), ::testing::ElementsAre(entry));
    ExpectWhole(entry, entry);
  }
  EXPECT_GT(half_way, 0);
  for (const auto& left : fs::directory_iterator(directory_ / "state")) {
    EXPECT_THAT(left.path().filename().string(), Not(StartsWith(".import-")));
  }
}

}  // namespace
}  // namespace cloister::worker
