#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

const std::string kMd5(32, 'a');
const std::string kSha1(40, 'b');
const std::string kSha256(64, 'c');

std::string Attribute(absl::string_view type, absl::string_view value,
                      absl::string_view members = "\"to_ids\":true") {
  return absl::StrCat("{\"uuid\":\"u\",\"type\":\"", type, "\",\"value\":\"", value, "\",", members,
                      "}");
}

std::string Event(absl::string_view attributes, absl::string_view objects = "",
                  absl::string_view tags = "") {
  return absl::StrCat("{\"info\":\"Campaign\",\"Attribute\":[", attributes, "],\"Object\":[",
                      objects, "],\"Tag\":[", tags, "]}");
}

std::string Kinds(const FeedOutcome& outcome) {
  std::vector<std::string> words;
  for (const FeedEntry& entry : outcome.entries) {
    words.emplace_back(reputation::ObjectKindName(entry.key.kind()));
  }
  for (const auto& [fault, rejections] : outcome.report.rejections()) {
    words.push_back(absl::StrCat("!", RowFaultName(fault)));
  }
  return absl::StrJoin(words, " ");
}

TEST(MispFeed, ReadsEachTypeOfAttribute) {
  const std::vector<std::vector<std::string>> rows = {
      {"md5", kMd5, "file"},
      {"sha1", kSha1, "file"},
      {"sha256", kSha256, "file"},
      {"sha256", kSha1, "!bad_value"},
      {"md5", std::string(32, 'z'), "!bad_value"},
      {"filename|sha1", absl::StrCat("a|b.exe|", kSha1), "file"},
      {"filename|sha1", kSha1, "!bad_value"},
      {"malware-sample", absl::StrCat("a.exe|", kMd5), "file"},
      {"url", "http://a.example/x", "url"},
      {"url", "hxxp://a[.]example/x", "url"},
      {"domain", "a.example", "host"},
      {"hostname", "a.b.example", "host"},
      {"domain", "co.uk", "!public_suffix"},
      {"ip-dst", "192.0.2.1", "ip"},
      {"ip-src", "2001:db8::/64", "ip"},
      {"ip-dst", "16.0.0.0/4", "!prefix_too_wide"},
      {"domain|ip", "a.example|192.0.2.1", "host ip"},
      {"domain|ip", "a.example", "!bad_value"},
      {"ip-dst|port", "192.0.2.1|8080", "url ip"},
      {"ip-dst|port", "2001:db8::1|443", "url ip"},
      {"hostname|port", "a.example|8080", "url"},
      {"x509-fingerprint-sha256", kSha256, "software"},
      {"x509-fingerprint-sha1", kSha1, "!unsupported"},
      {"imphash", kMd5, "!unsupported"},
      {"authentihash", kSha256, "!unsupported"},
      {"email-src", "a@a.example", "!unsupported"},
      {"md5", "", "!missing_field"},
  };
  for (const std::vector<std::string>& row : rows) {
    const FeedOutcome outcome = ReadFeed("misp", Event(Attribute(row[0], row[1])));
    ASSERT_THAT(outcome.status, IsOk()) << row[0];
    EXPECT_EQ(Kinds(outcome), row[2]) << row[0] << " " << row[1];
  }
}

TEST(MispFeed, ListsOnlyWhatIsMeantForDetection) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"\"to_ids\":true", "file"},
      {"\"to_ids\":\"1\"", "file"},
      {"\"to_ids\":false", "!context_only"},
      {"\"to_ids\":\"0\"", "!context_only"},
      {"\"comment\":\"\"", "!context_only"},
      {"\"to_ids\":true,\"deleted\":false", "file"},
      {"\"to_ids\":true,\"deleted\":true", "!withdrawn"},
      {"\"to_ids\":true,\"deleted\":\"1\"", "!withdrawn"},
  };
  for (const auto& [members, kinds] : rows) {
    EXPECT_EQ(Kinds(ReadFeed("misp", Event(Attribute("md5", kMd5, members)))), kinds) << members;
  }
}

TEST(MispFeed, ReadsObjectsAndLeavesOutDeletedOnes) {
  const std::string inside = absl::StrCat("\"Attribute\":[", Attribute("md5", kMd5), ",",
                                          Attribute("filename", "x", "\"to_ids\":false"), "]");
  const FeedOutcome outcome = ReadFeed(
      "misp",
      Event("", absl::StrCat("{\"name\":\"file\",", inside, "},{\"deleted\":true,", inside, "}")));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(Kinds(outcome), "file !withdrawn !context_only");
  EXPECT_EQ(outcome.Rejected(RowFault::kWithdrawn), 2u);
  EXPECT_EQ(outcome.report.lines(), 4u);
}

TEST(MispFeed, ReadsEveryWrapping) {
  const std::string event = Event(Attribute("md5", kMd5));
  for (const std::string& text : {
           event,
           absl::StrCat("{\"Event\":", event, "}"),
           absl::StrCat("[{\"Event\":", event, "}]"),
           absl::StrCat("[", event, "]"),
           absl::StrCat("{\"response\":[{\"Event\":", event, "}]}"),
           absl::StrCat("{\"response\":{\"Event\":", event, "}}"),
       }) {
    const FeedOutcome outcome = ReadFeed("misp", text);
    ASSERT_THAT(outcome.status, IsOk()) << text;
    EXPECT_EQ(Kinds(outcome), "file") << text;
    EXPECT_EQ(outcome.entries[0].label.threat_name, "Campaign") << text;
  }
}

// Tags stand behind the attributes, and each event has its own.
TEST(MispFeed, AppliesTheTagsOfEachEvent) {
  const std::string first =
      Event(Attribute("md5", kMd5,
                      R"("to_ids":true,"first_seen":"2024-01-02T00:00:00.000000+00:00",
                   "last_seen":"2024-01-03T00:00:00","Tag":[{"name":"adware"}])"),
            "",
            R"({"name":"misp-galaxy:ransomware=\"Conti\""},
         {"name":"misp:confidence-level=\"usually-confident\""},
         {"name":"misp-galaxy:mitre-attack-pattern=\"Phishing - T1566\""})");
  const std::string second = Event(Attribute("sha1", kSha1), "", R"({"name":"phishing"})");
  const FeedOutcome outcome = ReadFeed(
      "misp", absl::StrCat("{\"response\":[{\"Event\":", first, "},{\"Event\":", second, "}]}"));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].label.threat_name, "Conti");
  EXPECT_THAT(outcome.entries[0].label.categories,
              ElementsAre(Category::kMalware, Category::kAdware));
  EXPECT_EQ(outcome.entries[0].record.confidence, 75);
  EXPECT_EQ(outcome.entries[0].record.first_seen_days, 19724);
  EXPECT_EQ(outcome.entries[0].record.last_seen_days, 19725);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kMalicious);
  EXPECT_EQ(outcome.entries[1].label.threat_name, "Campaign");
  EXPECT_THAT(outcome.entries[1].label.categories, ElementsAre(Category::kPhishing));
}

TEST(MispFeed, ReadsAManifestAndTheEventsBesideIt) {
  testing::TemporaryDirectory directory;
  const std::string one = "5f1b9a3e-0000-4000-8000-000000000001";
  const std::string two = "5f1b9a3e-0000-4000-8000-000000000002";
  const std::string manifest = directory / "manifest.json";
  ASSERT_THAT(storage::WriteFileAtomically(
                  manifest, absl::StrCat("{\"", one, "\":{\"info\":\"x\",\"Tag\":[]},\"", two,
                                         "\":{\"info\":\"y\"}}")),
              IsOk());
  ASSERT_THAT(
      storage::WriteFileAtomically(directory / absl::StrCat(one, ".json"),
                                   absl::StrCat("{\"Event\":", Event(Attribute("md5", kMd5)), "}")),
      IsOk());
  const FeedOutcome missing = ReadFeedFile("misp", manifest);
  ASSERT_THAT(missing.status, IsOk());
  EXPECT_EQ(missing.entries.size(), 1u);
  ASSERT_EQ(missing.Rejected(RowFault::kMalformed), 1u);
  EXPECT_THAT(missing.report.rejections().at(RowFault::kMalformed).examples[0].text,
              HasSubstr(two));
  const std::string event = directory / absl::StrCat(two, ".json");
  ASSERT_THAT(storage::WriteFileAtomically(
                  event, absl::StrCat("{\"Event\":", Event(Attribute("sha1", kSha1)), "}")),
              IsOk());
  EXPECT_EQ(ReadFeedFile("misp", manifest).entries.size(), 2u);

  // One that is cut costs itself alone; when none is left, that is an error.
  ASSERT_THAT(storage::WriteFileAtomically(
                  event, absl::StrCat("{\"Event\":", Event(Attribute("sha1", kSha1)))),
              IsOk());
  const FeedOutcome cut = ReadFeedFile("misp", manifest);
  ASSERT_THAT(cut.status, IsOk());
  EXPECT_EQ(cut.entries.size(), 1u);
  EXPECT_THAT(cut.report.rejections().at(RowFault::kMalformed).examples[0].why,
              HasSubstr("damaged behind the begin of attribute or object 1"));
  std::filesystem::remove(directory / absl::StrCat(one, ".json"));
  EXPECT_THAT(ReadFeedFile("misp", manifest).status, HasCode(absl::StatusCode::kNotFound));
}

TEST(MispFeed, TellsOtherFilesOfAFeed) {
  struct Row {
    std::string text;
    std::string says;
  };
  const std::vector<Row> rows = {
      {absl::StrCat(kMd5, ",5f1b9a3e-0000-4000-8000-000000000001\n"), "manifest.json"},
      {"<?xml version=\"1.0\"?><response/>", "export the events as MISP JSON"},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = ReadFeed("misp", row.text);
    EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument)) << row.text;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(row.says));
  }
}

TEST(MispFeed, TakesTimesFromTheObjectWhereTheAttributeHasNone) {
  const std::string inside = absl::StrCat(
      "\"Attribute\":[", Attribute("md5", kMd5), ",",
      Attribute("sha1", kSha1, R"("to_ids":true,"first_seen":"2024-01-05T00:00:00+00:00")"), "]");
  const FeedOutcome outcome =
      ReadFeed("misp", Event("", absl::StrCat(R"({"first_seen":"2024-01-02T00:00:00.000000+00:00",)"
                                              R"("last_seen":"2024-01-09",)",
                                              inside, "}")));
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].record.first_seen_days, 19724);
  EXPECT_EQ(outcome.entries[1].record.first_seen_days, 19727);
  EXPECT_EQ(outcome.entries[1].record.last_seen_days, 19731);
}

TEST(MispFeed, MapsTagsAsTheSourceIsSaidToMeanThem) {
  FeedOptions options;
  options.category_map = {{"type:osint", {Category::kScam, Category::kTest}}, {"adware", {}}};
  const std::string event = Event(Attribute("md5", kMd5), "",
                                  R"({"name":"type:OSINT"},{"name":"adware"},{"name":"phishing"})");
  const FeedOutcome outcome = ReadFeed("misp", event, options);
  ASSERT_EQ(outcome.entries.size(), 1u);
  EXPECT_THAT(outcome.entries[0].label.categories,
              ElementsAre(Category::kPhishing, Category::kScam, Category::kTest));
  options.categories = {Category::kRiskware};
  EXPECT_THAT(ReadFeed("misp", event, options).entries[0].label.categories,
              ElementsAre(Category::kScam, Category::kRiskware, Category::kTest));
}

TEST(MispFeed, RefusesOtherDocumentsAndPassesNothingOfACutOne) {
  EXPECT_THAT(ReadFeed("misp", "{\"type\":\"bundle\",\"objects\":[]}").status,
              HasCode(absl::StatusCode::kInvalidArgument));
  const std::string whole =
      absl::StrCat("[", Event(Attribute("md5", kMd5)), ",", Event(Attribute("sha1", kSha1)), "]");
  const FeedOutcome cut = ReadFeed("misp", whole.substr(0, whole.size() - 20));
  EXPECT_THAT(cut.status, HasCode(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(cut.entries.empty());
}

TEST(MispFeed, ReadsRealEvents) {
  constexpr char kFolder[] = "data/eset-misp";
  const std::optional<std::string> folder = testing::SharedData(kFolder);
  if (!folder.has_value()) GTEST_SKIP() << testing::SharedDataHint(kFolder);
  uint64_t accepted = 0;
  uint64_t attributes = 0;
  uint64_t context = 0;
  int broken = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*folder)) {
    if (file.path().extension() != ".json") continue;
    const FeedOutcome outcome = ReadFeedFile("misp", file.path());
    if (!outcome.status.ok()) {
      ++broken;
      EXPECT_EQ(file.path().filename(), "malicious_pypi_packages.misp-event.json");
      EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kDataLoss));
      EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("line 37374, byte 1532404"));
      EXPECT_TRUE(outcome.entries.empty());
      continue;
    }
    attributes += outcome.report.lines();
    accepted += outcome.report.rows();
    context += outcome.Rejected(RowFault::kContextOnly);
  }
  EXPECT_EQ(broken, 1);
  EXPECT_EQ(attributes, 1904u);
  EXPECT_EQ(accepted, 374u);
  EXPECT_EQ(context, 1485u);
}

TEST(MispFeed, ReadsALargeRealEvent) {
  constexpr char kEvent[] = "data/stalkerware/generated/misp_event.json";
  const std::optional<std::string> path = testing::SharedData(kEvent);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kEvent);
  const FeedOutcome outcome = ReadFeedFile("misp", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.lines(), 7095u);
  EXPECT_EQ(outcome.report.rows(), 4752u);
  EXPECT_EQ(outcome.Rejected(RowFault::kContextOnly), 2343u);
}

}  // namespace
}  // namespace cloister::feeds
