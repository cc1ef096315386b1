// MISP feeds by URL: a manifest, and the events that it names.

#include <filesystem>
#include <map>
#include <mutex>

#include "absl/strings/match.h"
#include "sync/publisher/sources/misp_events.h"
#include "tests/unit/sync/source_fixture.h"

namespace cloister::publisher {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string Uuid(int number) {
  return absl::StrCat("00000000-0000-4000-8000-", absl::Dec(number, absl::kZeroPad12));
}

class MispSourceTest : public SourceCopiesTest {
 protected:
  MispSourceTest() {
    Serve([this](const std::string& path, Connection& connection) {
      std::lock_guard lock(mu_);
      const auto file = files_.find(path.substr(path.rfind('/') + 1));
      if (file == files_.end()) {
        connection.Answer(404, "");
      } else {
        connection.Answer(200, file->second);
      }
      return true;
    });
  }

  // Offers events by number, each with its timestamp.
  void Offer(const std::map<int, int>& events) {
    std::lock_guard lock(mu_);
    std::string manifest;
    files_.clear();
    for (const auto& [number, timestamp] : events) {
      absl::StrAppend(&manifest, manifest.empty() ? "{" : ",", "\"", Uuid(number),
                      "\":{\"info\":\"x\",\"timestamp\":\"", timestamp, "\"}");
      files_[absl::StrCat(Uuid(number), ".json")] = absl::StrCat("event ", timestamp);
    }
    files_["manifest.json"] = manifest + "}";
  }
  void Drop(int number) {
    std::lock_guard lock(mu_);
    files_.erase(absl::StrCat(Uuid(number), ".json"));
  }

  WebSource Manifest() const { return Source("osint/manifest.json"); }

  // Paths asked for since the last call, without folder.
  std::vector<std::string> Asked() {
    std::vector<std::string> names;
    const auto requests = server_->requests();
    for (; seen_ < requests.size(); ++seen_) {
      const std::string path = requests[seen_].substr(0, requests[seen_].find(" HTTP"));
      names.push_back(path.substr(path.rfind('/') + 1));
    }
    return names;
  }

  static std::map<std::string, std::string> Files(const FetchedCopy& copy) {
    std::map<std::string, std::string> files;
    const auto folder = std::filesystem::path(copy.path).parent_path();
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path() == copy.path) continue;
      files[entry.path().filename()] = storage::ReadFile(entry.path(), 1000).value_or("");
    }
    return files;
  }

  std::mutex mu_;  // guards what follows
  std::map<std::string, std::string> files_;

  size_t seen_ = 0;
};

TEST_F(MispSourceTest, BringsEventsAlongAndLaterThoseThatChanged) {
  Offer({{1, 10}, {2, 20}, {3, 30}});
  ASSERT_OK_AND_ASSIGN(const FetchedCopy first, FetchGood(Manifest(), "misp"));
  EXPECT_TRUE(first.changed);
  EXPECT_THAT(Asked(), UnorderedElementsAre("manifest.json", Uuid(1) + ".json", Uuid(2) + ".json",
                                            Uuid(3) + ".json"));

  Offer({{1, 10}, {2, 21}, {4, 40}});
  ASSERT_OK_AND_ASSIGN(const FetchedCopy second, FetchGood(Manifest(), "misp"));
  EXPECT_THAT(Asked(), UnorderedElementsAre("manifest.json", Uuid(2) + ".json", Uuid(4) + ".json"));
  EXPECT_EQ(Files(second), (std::map<std::string, std::string>{{Uuid(1) + ".json", "event 10"},
                                                               {Uuid(2) + ".json", "event 21"},
                                                               {Uuid(4) + ".json", "event 40"}}));
  EXPECT_FALSE(std::filesystem::exists(first.path));

  ASSERT_OK_AND_ASSIGN(const FetchedCopy third, FetchGood(Manifest(), "misp"));
  EXPECT_FALSE(third.changed);
  EXPECT_THAT(Asked(), UnorderedElementsAre("manifest.json"));
}

TEST_F(MispSourceTest, BringsManyEventsAFewAtATime) {
  std::map<int, int> events;
  for (int i = 0; i < 100; ++i) events[i] = i;
  Offer(events);
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy, FetchGood(Manifest(), "misp"));
  EXPECT_EQ(Files(copy).size(), 100u);
}

TEST_F(MispSourceTest, AnEventThatIsNotThereLeavesTheGoodCopy) {
  Offer({{1, 10}});
  ASSERT_OK_AND_ASSIGN(const FetchedCopy good, FetchGood(Manifest(), "misp"));
  Offer({{1, 10}, {2, 20}});
  Drop(2);
  const auto fetched = Fetch(Manifest(), "misp");
  EXPECT_THAT(fetched, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(fetched.status().message()), HasSubstr(Uuid(2)));
  ASSERT_OK_AND_ASSIGN(const FetchedCopy last, copies_->Last("a-feed"));
  EXPECT_EQ(last.path, good.path);
  EXPECT_EQ(Files(last).size(), 1u);
}

TEST_F(MispSourceTest, AllEventsTogetherAreBounded) {
  Offer({{1, 10}, {2, 20}});
  WebSource source = Manifest();
  source.max_bytes = files_["manifest.json"].size() + 1;
  EXPECT_THAT(Fetch(source, "misp"), IsOk());
  files_[Uuid(2) + ".json"] = std::string(source.max_bytes - 4, 'x');
  Restart();
  ASSERT_THAT(copies_->Discard("a-feed"), IsOk());
  EXPECT_THAT(Fetch(source, "misp"), HasCode(absl::StatusCode::kResourceExhausted));
}

TEST_F(MispSourceTest, NamesInAManifestLeadNowhereElse) {
  Offer({{1, 10}});
  files_["manifest.json"] = absl::StrCat("{\"../../secret\":{\"timestamp\":\"1\"},\"", Uuid(1),
                                         "\":{\"timestamp\":\"10\"}}");
  ASSERT_THAT(FetchGood(Manifest(), "misp"), IsOk());
  EXPECT_THAT(Asked(), UnorderedElementsAre("manifest.json", Uuid(1) + ".json"));
}

TEST_F(MispSourceTest, AManifestThatIsNoneIsToldAndNotKept) {
  Offer({{1, 10}});
  ASSERT_THAT(FetchGood(Manifest(), "misp"), IsOk());
  const std::string good = LastGood();
  files_["manifest.json"] = "<html>";
  EXPECT_THAT(Fetch(Manifest(), "misp"), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_EQ(LastGood(), good);
}

TEST_F(MispSourceTest, OtherUrlsAreDocumentsOfTheirOwn) {
  EXPECT_TRUE(IsMispManifest("misp", "https://feeds.example/osint/manifest.json"));
  EXPECT_FALSE(IsMispManifest("misp", "https://feeds.example/event.json"));
  EXPECT_FALSE(IsMispManifest("csv", "https://feeds.example/osint/manifest.json"));
}

}  // namespace
}  // namespace cloister::publisher
