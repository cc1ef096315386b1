// The commands `build` and `check` as their users meet them: the real program.

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publication_fixture.h"

namespace cloister::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ProcessResult;

constexpr char kSources[] =
    "[[source]]\nname = 'domains'\nformat = 'domain'\npath = 'domains.txt'\n"
    "licence = 'CC0-1.0'\nredistribution = 'allowed'\n"
    "[[source]]\nname = 'table'\nformat = 'csv'\npath = 'table.csv'\ntrust = 70\n";

class PublicationCliTest : public ::testing::Test {
 protected:
  PublicationCliTest() {
    folder_.Write("domains.txt", "bad.example\nco.uk\ndisputed.example\n10.1.2.3\n");
    folder_.Write("table.csv",
                  "kind,value,verdict,categories\nhost,disputed.example,trusted,\n"
                  "host,bad.example,malicious,phishing\n");
    folder_.Configure(kSources);
  }

  ProcessResult Build(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"build", "publication.toml"};
    words.insert(words.end(), more.begin(), more.end());
    return folder_.Run(words);
  }

  PublicationFolder folder_;
};

TEST_F(PublicationCliTest, TheReportSaysWhatBecameOfEverything) {
  const ProcessResult built = Build();
  ASSERT_EQ(built.exit_code, 0) << built.errors;
  EXPECT_THAT(built.errors, IsEmpty());
  for (const char* text :
       {"domains: 4 lines, 3 listings accepted, 1 rejected", "entries: 2 host",
        "verdicts: 2 malicious", "rejected as public_suffix: 1", "line 2: co.uk",
        "refused by private_network: 1", "licence: CC0-1.0, redistribution allowed",
        "categories: 1 phishing", "conflicts: 1", "disputed.example: table says trusted",
        "guards stopped 1 entries", "state/held.tsv", "Published version 1 of feed \"threats\"",
        "bytes a record"}) {
    EXPECT_THAT(built.output, HasSubstr(text));
  }
  const ProcessResult again = Build();
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.output, HasSubstr("Nothing changed since version 1"));
}

TEST_F(PublicationCliTest, TheSameAsJsonOnScreenAndInAFile) {
  const ProcessResult built = Build({"--json", "--report", folder_ / "report.json"});
  ASSERT_EQ(built.exit_code, 0) << built.errors;
  const nlohmann::json report = nlohmann::json::parse(built.output);
  EXPECT_EQ(report["version"], 1);
  EXPECT_EQ(report["published"], true);
  EXPECT_EQ(report["records"], 2);
  EXPECT_EQ(report["conflicts"]["count"], 1);
  EXPECT_EQ(report["conflicts"]["examples"][0]["object"], "disputed.example");
  const nlohmann::json& source = report["sources"][0];
  EXPECT_EQ(source["source"], "domains");
  EXPECT_EQ(source["entry_count"], 3);
  EXPECT_EQ(source["rejections"]["public_suffix"]["examples"][0]["line"], 2);
  EXPECT_EQ(source["guarded"]["private_network"]["count"], 1);
  EXPECT_EQ(source["note"]["redistribution"], "allowed");
  EXPECT_EQ(nlohmann::json::parse(folder_.Read("report.json")), report);
}

TEST_F(PublicationCliTest, ALossEndsWithAReportAndTheWayOn) {
  folder_.Write("domains.txt", "a.example\nb.example\nc.example\nd.example\n");
  ASSERT_EQ(Build().exit_code, 0);
  folder_.Write("domains.txt", "a.example\n");
  const ProcessResult lost = Build({"--report", folder_ / "report.json"});
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.errors,
              AllOf(HasSubstr("1 are left of 4, 25.0 %"), HasSubstr("--accept-loss domains"),
                    HasSubstr("domains: 1 lines, 1 listings accepted")));
  const nlohmann::json report = nlohmann::json::parse(folder_.Read("report.json"));
  EXPECT_EQ(report["published"], false);
  EXPECT_THAT(report["error"].get<std::string>(), HasSubstr("--accept-loss domains"));
  EXPECT_EQ(folder_.Version(), 1u);
  EXPECT_EQ(Build({"--accept-loss", "domains"}).exit_code, 0);
  EXPECT_EQ(folder_.Version(), 2u);
}

TEST_F(PublicationCliTest, ADryRunNeedsNoKeysAndWritesNothing) {
  std::filesystem::rename(folder_.feed().keys_directory(),
                          folder_.feed().keys_directory() + ".away");
  const ProcessResult dry = Build({"--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.errors;
  EXPECT_THAT(dry.output, HasSubstr("would have 2 records. Nothing was published."));
  EXPECT_FALSE(folder_.Has("state"));
  EXPECT_EQ(folder_.Version(), 0u);
  EXPECT_EQ(Build().exit_code, 1);
}

TEST_F(PublicationCliTest, CheckTellsAllThatIsToBeMended) {
  ProcessResult checked = folder_.Run({"check", "publication.toml"});
  EXPECT_EQ(checked.exit_code, 0) << checked.errors;
  EXPECT_THAT(checked.output, HasSubstr("feed \"threats\" from 2 sources; a build can start"));
  EXPECT_FALSE(folder_.Has("state"));

  folder_.Configure(
      "[guards]\nwarning_lists = ['lists']\n"
      "[[source]]\nname = 'domains'\nformat = 'domain'\npath = 'absent.txt'\n"
      "[[source]]\nname = 'web'\nformat = 'url'\nurl = 'https://a.example/'\n"
      "[source.header_files]\nAuth-Key = 'auth-key'\n");
  std::filesystem::remove(folder_.feed().keys_directory() + "/snapshot.pem");
  checked = folder_.Run({"check", "publication.toml"});
  EXPECT_EQ(checked.exit_code, 1);
  for (const char* text : {"no key for the role snapshot", "lists", "source \"domains\": ",
                           "absent.txt", "source \"web\": header Auth-Key: ", "auth-key"}) {
    EXPECT_THAT(checked.errors, HasSubstr(text));
  }
  folder_.Configure("[[source]]\nname = 'domains'\nformat = 'shoes'\npath = 'absent.txt'\n");
  checked = folder_.Run({"check", "publication.toml"});
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_THAT(checked.errors, HasSubstr("publication.toml:8: format: no feed format"));
}

TEST_F(PublicationCliTest, AWrongCommandLineIsTold) {
  EXPECT_EQ(folder_.Run({"build"}).exit_code, 2);
  EXPECT_EQ(folder_.Run({"build", "publication.toml", "--accept-everything"}).exit_code, 2);
  const ProcessResult help = folder_.Run({"build", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, AllOf(HasSubstr("--accept-loss"), HasSubstr("Examples:")));
}

// Two sources of one command line, with terms.
TEST_F(PublicationCliTest, PublishTakesTheSameWay) {
  const ProcessResult published = folder_.Run(
      {"publish", "--repository", folder_.feed().path(), "--keys", folder_.feed().keys_directory(),
       "--source", "domain:domains.txt", "--confidence", "70", "--categories", "phishing,malware"});
  ASSERT_EQ(published.exit_code, 0) << published.errors;
  EXPECT_THAT(published.output,
              AllOf(HasSubstr("domain:domains.txt: 4 lines, 3 listings accepted, 1 rejected"),
                    HasSubstr("malware"), HasSubstr("phishing")));
  EXPECT_EQ(folder_.ServedHost("bad.example")->confidence, 70);
  EXPECT_FALSE(folder_.Has("state"));
}

}  // namespace
}  // namespace cloister::publisher
