// A feed with several mirrors: which one serves, and what the others can do about it.

#include <filesystem>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/files/files.h"
#include "sync/worker/feed_sources.h"
#include "tests/support/folder_repository.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/scripted_web_server.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::ScriptedWebServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Connection = ScriptedWebServer::Connection;
using Outcome = CycleResult::Outcome;

// Serves a repository folder under /feeds/, and breaks a pack's connection when told to.
class FolderServer {
 public:
  explicit FolderServer(std::string directory) : directory_(std::move(directory)) {}

  // Connections break after so many bytes of a pack.
  void BreakAfter(size_t bytes) {
    std::lock_guard lock(mu_);
    break_after_ = bytes;
  }
  std::string url() const { return server_.url(); }
  std::vector<std::string> requests() const { return server_.requests(); }

 private:
  bool Answer(const std::string& path, Connection& connection) {
    const auto file = storage::ReadFile(directory_ + path.substr(strlen("/feeds")), 1 << 20);
    if (!file.ok()) {
      connection.Answer(404, "");
      return true;
    }
    std::lock_guard lock(mu_);
    if (!absl::EndsWith(path, ".sst") || break_after_ == 0) {
      connection.AnswerFile(*file);
      return true;
    }
    connection.Send(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", file->size(), "\r\n\r\n",
                                 file->substr(0, break_after_)));
    return false;
  }

  const std::string directory_;
  std::mutex mu_;
  size_t break_after_ = 0;
  ScriptedWebServer server_{
      [this](const std::string& path, Connection& connection) { return Answer(path, connection); }};
};

class FeedSourcesTest : public WorkerFixture {
 protected:
  FeedSourcesTest() {
    upstream_.Publish({{FileKey("one"), Malicious()}}, 1);
    feed_.name = "threats";
  }

  std::string Folder(const std::string& name) { return directory_ / name; }
  // Publishes what upstream has now as one more mirror, the last in order.
  void AddMirror(const std::string& name) {
    testing::WriteRepository(upstream_.repository, Folder(name));
    AddSource("file://" + Folder(name));
  }
  void AddSource(const std::string& text) {
    SourceAddress source;
    if (absl::StartsWith(text, "file://")) {
      source.folder = text.substr(7);
    } else {
      source.url = *transport::BaseUrl::Parse(text, /*allow_http=*/true);
    }
    feed_.sources.push_back(source);
  }
  FeedSources& Sources() {
    if (!sources_.has_value()) sources_.emplace(feed_, -1);
    return *sources_;
  }
  absl::StatusOr<SourcesResult> RunSources() { return Sources().Run(cycle_, now_); }

  FeedConfiguration feed_;
  FeedCycle cycle_{Options()};
  std::optional<FeedSources> sources_;
};

TEST_F(FeedSourcesTest, TheFirstThatServesIsTaken) {
  AddMirror("a");
  AddMirror("b");
  ASSERT_OK_AND_ASSIGN(const SourcesResult run, RunSources());
  EXPECT_EQ(run.source, "file://" + Folder("a"));
  EXPECT_EQ(run.result.outcome, Outcome::kHandedOver);
}

struct BadMirrorCase {
  const char* name;
  std::function<void(const std::string& mirror)> damage;
  const char* reason;
};

class BadMirrorTest : public FeedSourcesTest,
                      public ::testing::WithParamInterface<BadMirrorCase> {};

TEST_P(BadMirrorTest, IsPassedOver) {
  AddMirror("bad");
  GetParam().damage(Folder("bad"));
  AddMirror("good");
  ASSERT_OK_AND_ASSIGN(const SourcesResult run, RunSources());
  EXPECT_EQ(run.source, "file://" + Folder("good"));
  EXPECT_EQ(run.result.version, 1u);
  ASSERT_THAT(Sources().status(), SizeIs(2));
  EXPECT_EQ(Sources().status()[0].failures, 1u);
  EXPECT_THAT(std::string(Sources().status()[0].last_error.message()),
              HasSubstr(GetParam().reason));
  EXPECT_THAT(Sources().status()[1].last_error, IsOk());
  // It is asked first again, in case it was mended.
  fs::remove_all(Folder("bad"));
  testing::WriteRepository(upstream_.repository, Folder("bad"));
  ASSERT_OK_AND_ASSIGN(const SourcesResult next, RunSources());
  EXPECT_EQ(next.source, "file://" + Folder("bad"));
  EXPECT_EQ(Sources().status()[0].failures, 0u);
}

void AlterPacks(const std::string& mirror, const std::function<void(std::string*)>& alter) {
  for (const auto& entry : fs::directory_iterator(mirror + "/targets")) {
    std::string bytes = *storage::ReadFile(entry.path(), 1 << 20);
    alter(&bytes);
    EXPECT_THAT(storage::WriteFileAtomically(entry.path(), bytes), IsOk());
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadMirrorTest,
    ::testing::Values(
        BadMirrorCase{"Gone", [](const std::string& mirror) { fs::remove_all(mirror); }, "bad"},
        BadMirrorCase{
            "WithoutTimestamp",
            [](const std::string& mirror) { fs::remove(mirror + "/metadata/timestamp.json"); },
            "metadata_missing"},
        BadMirrorCase{"AlteredMetadata",
                      [](const std::string& mirror) {
                        EXPECT_THAT(
                            storage::WriteFileAtomically(mirror + "/metadata/timestamp.json", "{}"),
                            IsOk());
                      },
                      "metadata_malformed"},
        BadMirrorCase{"WithoutPacks",
                      [](const std::string& mirror) { fs::remove_all(mirror + "/targets"); },
                      "version_gap: version 1 is listed, but no pack that leads there"},
        BadMirrorCase{"AlteredPacks",
                      [](const std::string& mirror) {
                        AlterPacks(mirror, [](std::string* bytes) { (*bytes)[99] ^= 1; });
                      },
                      "target_hash_mismatch"},
        BadMirrorCase{"ShortPacks",
                      [](const std::string& mirror) {
                        AlterPacks(mirror, [](std::string* bytes) { bytes->pop_back(); });
                      },
                      "target_hash_mismatch"},
        BadMirrorCase{"LongPacks",
                      [](const std::string& mirror) {
                        AlterPacks(mirror, [](std::string* bytes) { bytes->append("more"); });
                      },
                      "target_too_large"}),
    [](const auto& info) { return info.param.name; });

TEST_F(FeedSourcesTest, AMirrorThatIsBehindIsPassedOver) {
  AddMirror("behind");
  upstream_.Publish({{FileKey("two"), Malicious()}});
  AddMirror("current");
  ASSERT_THAT(Run(), IsOk());  // version 2, from elsewhere
  upstream_.Publish({{FileKey("three"), Malicious()}});
  testing::WriteRepository(upstream_.repository, Folder("current"));
  ASSERT_OK_AND_ASSIGN(const SourcesResult run, RunSources());
  EXPECT_EQ(run.source, "file://" + Folder("current"));
  EXPECT_EQ(run.result.version, 3u);
  EXPECT_THAT(Sources().status()[0].last_error, IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(FeedSourcesTest, MirrorsThatAreAllBehindAreARollback) {
  AddMirror("a");
  AddSource("file://" + Folder("none"));
  AddMirror("b");
  upstream_.Publish({{FileKey("two"), Malicious()}});
  ASSERT_THAT(Run(), IsOk());
  const auto before = SpoolFiles();
  EXPECT_THAT(RunSources(), IsRejectedFor(RejectReason::kMetadataRollback));
  EXPECT_EQ(SpoolFiles(), before);
}

// What a mirror refuses to show can be kept from whoever asks it alone.
TEST_F(FeedSourcesTest, AMirrorThatStandsStillForADayIsNotTheOnlyOneAsked) {
  upstream_.repository.timestamp["x-issued"] = "2030-01-31T12:00:00Z";
  AddMirror("still");
  ASSERT_THAT(RunSources(), IsOk());
  upstream_.Publish({{FileKey("two"), Malicious()}});
  sources_.reset();
  AddMirror("current");
  now_ += absl::Hours(1);
  ASSERT_OK_AND_ASSIGN(const SourcesResult soon, RunSources());
  EXPECT_EQ(soon.result.version, 1u);
  now_ += absl::Hours(24);
  ASSERT_OK_AND_ASSIGN(const SourcesResult later, RunSources());
  EXPECT_EQ(later.result.version, 2u);
  EXPECT_EQ(later.source, "file://" + Folder("current"));
}

TEST_F(FeedSourcesTest, ADownloadThatBreaksGoesOnAtTheNextMirror) {
  testing::WriteRepository(upstream_.repository, Folder("a"));
  FolderServer breaking(Folder("a"));
  FolderServer whole(Folder("a"));
  breaking.BreakAfter(700);
  AddSource(breaking.url());
  AddSource(whole.url());
  ASSERT_OK_AND_ASSIGN(const SourcesResult run, RunSources());
  EXPECT_EQ(run.source, whole.url());
  EXPECT_THAT(whole.requests().back(), HasSubstr("\r\nRange: bytes=700-\r\n"));
  EXPECT_THAT(Sources().status()[0].last_error, HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(FeedSourcesTest, ADownloadThatBreaksGoesOnInTheNextRun) {
  testing::WriteRepository(upstream_.repository, Folder("a"));
  FolderServer server(Folder("a"));
  AddSource(server.url());
  server.BreakAfter(700);
  EXPECT_THAT(RunSources(), HasCode(absl::StatusCode::kUnavailable));
  server.BreakAfter(0);
  EXPECT_THAT(RunSources(), IsOk());
  EXPECT_THAT(server.requests().back(), HasSubstr("\r\nRange: bytes=700-\r\n"));
}

TEST_F(FeedSourcesTest, AServerThatAsksForPeaceIsLeftInPeace) {
  ScriptedWebServer busy([](const std::string&, Connection& connection) {
    connection.Answer(503, "", "Retry-After: 600\r\n");
    return true;
  });
  AddSource(busy.url());
  EXPECT_THAT(RunSources(), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Sources().Wait(now_), absl::Seconds(600));
  now_ += absl::Seconds(599);
  EXPECT_THAT(RunSources(), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(busy.requests(), SizeIs(1));
  now_ += absl::Seconds(1);
  EXPECT_THAT(RunSources(), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(busy.requests(), SizeIs(2));
}

TEST_F(FeedSourcesTest, NoOtherMirrorHelpsADiskWithoutSpace) {
  AddMirror("a");
  AddMirror("b");
  CycleOptions options = Options();
  options.reserve_bytes = UINT64_MAX / 2;
  FeedCycle cycle(options);
  EXPECT_THAT(Sources().Run(cycle, now_), IsRejectedFor(RejectReason::kNoSpace));
  EXPECT_EQ(Sources().status()[1].failures, 0u);
}

}  // namespace
}  // namespace cloister::worker
