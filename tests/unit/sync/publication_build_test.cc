#include "sync/publisher/publication/build.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sync/publisher/publication/build_counts.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publication_fixture.h"

namespace cloister::publisher {
namespace {

using feeds::RowFault;
using reputation::Verdict;
using ::testing::AllOf;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kDomains[] =
    "[[source]]\nname = 'domains'\nformat = 'domain'\npath = 'domains.txt'\n";
constexpr char kTable[] = "[[source]]\nname = 'table'\nformat = 'csv'\npath = 'table.csv'\n";

std::string Hosts(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) absl::StrAppend(&lines, "host", i, ".example\n");
  return lines;
}

class PublicationBuildTest : public ::testing::Test {
 protected:
  const SourceReport& Source(size_t i) const { return folder_.report.sources.at(i); }

  PublicationFolder folder_;
};

TEST_F(PublicationBuildTest, ABadLineCostsItselfAlone) {
  folder_.Write("domains.txt", "bad.example\nco.uk\nnot a name\nworse.example\n");
  folder_.Configure(kDomains);
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_THAT(folder_.Served(), SizeIs(2));
  EXPECT_EQ(Source(0).reading.lines(), 4u);
  EXPECT_EQ(Source(0).reading.rows(), 2u);
  EXPECT_EQ(Source(0).reading.rejected(), 2u);
  EXPECT_EQ(Source(0).entries, 2u);
  EXPECT_EQ(Source(0).kinds.at(reputation::ObjectKind::kHost), 2u);
  EXPECT_EQ(Source(0).verdicts.at(Verdict::kMalicious), 2u);
  EXPECT_EQ(folder_.report.records, 2u);
  EXPECT_TRUE(folder_.report.published->new_version);
}

TEST_F(PublicationBuildTest, ASourceThatCannotBeReadStopsItAndNothingIsLost) {
  folder_.Write("domains.txt", Hosts(3));
  folder_.Write("table.csv", "kind,value,verdict\nhost,a.example,malicious\n");
  folder_.Configure(absl::StrCat(kDomains, kTable));
  ASSERT_THAT(folder_.Build(), IsOk());
  const std::string counts = folder_.Read("state/sources.json");
  folder_.Write("domains.txt", Hosts(4));
  folder_.Write("table.csv", "<html>moved</html>\n");
  const absl::Status layout = folder_.Build();
  EXPECT_THAT(layout, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(layout.message()),
              AllOf(HasSubstr("source \"table\""), HasSubstr("table.csv")));
  std::filesystem::remove(folder_ / "table.csv");
  const absl::Status absent = folder_.Build();
  EXPECT_THAT(absent, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(absent.message()), HasSubstr("source \"table\""));
  EXPECT_EQ(folder_.Version(), 1u);
  EXPECT_THAT(folder_.Served(), SizeIs(4));
  EXPECT_EQ(folder_.Read("state/sources.json"), counts);
}

TEST_F(PublicationBuildTest, ASuddenLossStopsItUntilItIsAccepted) {
  folder_.Write("domains.txt", Hosts(10));
  folder_.Configure(kDomains);
  ASSERT_THAT(folder_.Build(), IsOk());
  folder_.Write("domains.txt", Hosts(5));  // half of them: enough
  ASSERT_THAT(folder_.Build(), IsOk());
  folder_.Write("domains.txt", Hosts(2));
  const absl::Status lost = folder_.Build();
  EXPECT_THAT(lost, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(lost.message()),
              AllOf(HasSubstr("\"domains\""), HasSubstr("2 are left of 5, 40.0 %"),
                    HasSubstr("--accept-loss domains")));
  EXPECT_EQ(folder_.Version(), 2u);
  EXPECT_EQ(Source(0).entries, 2u);  // the report says what was read all the same
  BuildOptions accept;
  accept.accept_loss = {"domains"};
  ASSERT_THAT(folder_.Build(accept), IsOk());
  EXPECT_THAT(folder_.Served(), SizeIs(2));
  ASSERT_THAT(folder_.Build(), IsOk());  // from now on it is measured by the new number
  accept.accept_loss = {"shoes"};
  EXPECT_THAT(folder_.Build(accept), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(PublicationBuildTest, HowMuchMayBeLostIsConfigured) {
  folder_.Write("domains.txt", Hosts(10));
  folder_.Configure(absl::StrCat(kDomains, "min_kept_share = 0.95\n"));
  ASSERT_THAT(folder_.Build(), IsOk());
  folder_.Write("domains.txt", Hosts(9));
  EXPECT_THAT(folder_.Build(), HasCode(absl::StatusCode::kFailedPrecondition));
  folder_.Configure(absl::StrCat(kDomains, "min_kept_share = 0\n"));
  folder_.Write("domains.txt", Hosts(1));
  EXPECT_THAT(folder_.Build(), IsOk());
}

TEST_F(PublicationBuildTest, TheMostTrustedSourceIsBelievedAndConflictsAreTold) {
  folder_.Write("domains.txt", "disputed.example\nbad.example\n");
  folder_.Write("table.csv",
                "kind,value,verdict\nhost,disputed.example,trusted\nhost,bad.example,malicious\n");
  folder_.Configure(absl::StrCat(kDomains, "trust = 40\n", kTable, "trust = 60\n"));
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_EQ(folder_.ServedHost("disputed.example")->verdict, Verdict::kTrusted);
  EXPECT_EQ(folder_.report.conflicts, 1u);
  ASSERT_THAT(folder_.report.conflict_examples, SizeIs(1));
  const NamedConflict& conflict = folder_.report.conflict_examples[0];
  EXPECT_EQ(conflict.object, "disputed.example");
  EXPECT_EQ(conflict.winner, "table");
  EXPECT_EQ(conflict.kept, "trusted");
  EXPECT_EQ(conflict.loser, "domains");
  EXPECT_EQ(conflict.overruled, "malicious");
  EXPECT_EQ(Source(0).merge.overruled, 1u);
  EXPECT_EQ(Source(0).merge.shared + Source(1).merge.shared, 1u);
  // The other way round.
  folder_.Configure(absl::StrCat(kDomains, "trust = 60\n", kTable, "trust = 40\n"));
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_EQ(folder_.ServedHost("disputed.example")->verdict, Verdict::kMalicious);
}

TEST_F(PublicationBuildTest, AnEndThatIsOursDoesNotMakeEveryBuildANewVersion) {
  folder_.Write("domains.txt", Hosts(3));
  folder_.Configure(absl::StrCat(kDomains, "valid_for_days = 8\n"));
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_NE(folder_.ServedHost("host1.example")->valid_until_hours, 0u);
  ASSERT_THAT(folder_.Build({}, absl::Hours(1)), IsOk());
  EXPECT_FALSE(folder_.report.published->new_version);
  ASSERT_THAT(folder_.Build({}, absl::Hours(48)), IsOk());
  EXPECT_TRUE(folder_.report.published->new_version);
}

TEST_F(PublicationBuildTest, WhatHasLapsedIsLeftOutAndCounted) {
  folder_.Write("table.csv",
                "kind,value,verdict,valid_until\nhost,old.example,malicious,2020-01-01\n"
                "host,new.example,malicious,2090-01-01\n");
  folder_.Configure(kTable);
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_THAT(folder_.Served(), SizeIs(1));
  const auto& rejections = Source(0).reading.rejections();
  ASSERT_EQ(rejections.count(RowFault::kExpired), 1u);
  EXPECT_EQ(rejections.at(RowFault::kExpired).count, 1u);
  EXPECT_THAT(rejections.at(RowFault::kExpired).examples[0].text, HasSubstr("old.example"));
}

TEST_F(PublicationBuildTest, WhatGuardsStopIsLeftOutListedAndMayBeAllowed) {
  folder_.Write("domains.txt", "bad.example\nlogin.bank.example\n10.1.2.3\n");
  folder_.Write("popular.txt", "login.bank.example\n");
  const std::string rest = absl::StrCat("[guards]\npopular_hosts = ['popular.txt']\n",
                                        "allow_files = ['allowed.txt']\n", kDomains);
  folder_.Write("allowed.txt", "");
  folder_.Configure(rest);
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_THAT(folder_.Served(), SizeIs(1));
  ASSERT_EQ(Source(0).guarded.count(Guard::kPopularHost), 1u);
  EXPECT_EQ(Source(0).guarded.at(Guard::kPopularHost).count, 1u);
  EXPECT_EQ(Source(0).guarded.at(Guard::kPopularHost).action, GuardAction::kHold);
  EXPECT_EQ(Source(0).guarded.at(Guard::kPopularHost).examples[0].listed, "login.bank.example");
  EXPECT_EQ(Source(0).guarded.at(Guard::kPrivateNetwork).action, GuardAction::kRefuse);
  EXPECT_EQ(folder_.report.held_file, folder_ / "state/held.tsv");
  const std::string held = folder_.Read("state/held.tsv");
  EXPECT_THAT(held,
              AllOf(HasSubstr("login.bank.example\tpopular_host\t"),
                    HasSubstr("10.1.2.3\tprivate_network\t"),
                    HasSubstr("\thold\tdomains\tmalicious\n"), Not(HasSubstr("\nbad.example"))));
  // The whole list, copied: what is refused stays refused.
  folder_.Write("allowed.txt", held);
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_TRUE(folder_.ServedHost("login.bank.example").has_value());
  EXPECT_THAT(folder_.Served(), SizeIs(2));
}

TEST_F(PublicationBuildTest, SeveralFilesAreOneSource) {
  folder_.Write("lists/a.txt", "a.example\n");
  folder_.Write("lists/b.txt", "b.example\nco.uk\n");
  folder_.Configure("[[source]]\nname = 'lists'\nformat = 'domain'\npath = 'lists/*.txt'\n");
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_EQ(Source(0).files, 2u);
  EXPECT_EQ(Source(0).reading.lines(), 3u);
  EXPECT_EQ(Source(0).reading.rejections().at(RowFault::kPublicSuffix).examples[0].file, "b.txt");
  EXPECT_THAT(folder_.Served(), SizeIs(2));
}

TEST_F(PublicationBuildTest, FilesOfSeveralFoldersAreNamedFromWhatTheyShare) {
  folder_.Write("lists/one/a.txt", "a.example\n");
  folder_.Write("lists/two/b.txt", "co.uk\n");
  folder_.Configure("[[source]]\nname = 'lists'\nformat = 'domain'\npath = 'lists/*/*.txt'\n");
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_EQ(Source(0).reading.rejections().at(RowFault::kPublicSuffix).examples[0].file,
            "two/b.txt");
}

TEST_F(PublicationBuildTest, ADryRunLeavesNothingBehind) {
  folder_.Write("domains.txt", "bad.example\n10.1.2.3\n");
  folder_.Configure(kDomains);
  BuildOptions dry;
  dry.dry_run = true;
  ASSERT_THAT(folder_.Build(dry), IsOk());
  EXPECT_EQ(folder_.report.records, 1u);
  EXPECT_FALSE(folder_.report.published.has_value());
  EXPECT_EQ(folder_.Version(), 0u);
  EXPECT_FALSE(folder_.Has("state"));
}

TEST_F(PublicationBuildTest, NotesOfSourcesGoIntoTheFeed) {
  folder_.Write("domains.txt", "bad.example\n");
  folder_.Configure(absl::StrCat(kDomains, "licence = 'CC0-1.0'\nredistribution = 'internal'\n"));
  ASSERT_THAT(folder_.Build(), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<trust::PackTarget> packs, folder_.feed().Offered());
  ASSERT_THAT(packs, SizeIs(1));
  ASSERT_THAT(packs[0].sources, SizeIs(1));
  EXPECT_EQ(packs[0].sources[0].name, "domains");
  EXPECT_EQ(packs[0].sources[0].licence, "CC0-1.0");
  EXPECT_EQ(packs[0].sources[0].redistribution, trust::Redistribution::kInternal);
}

// As if the program had been killed when a version was published, but not remembered yet.
TEST_F(PublicationBuildTest, WhatWasPublishedButNotRememberedIsMadeUpFor) {
  folder_.Write("domains.txt", Hosts(10));
  folder_.Configure(kDomains);
  ASSERT_THAT(folder_.Build(), IsOk());
  const std::string before = folder_.Read("state/sources.json");
  folder_.Write("domains.txt", Hosts(20));
  ASSERT_THAT(folder_.Build(), IsOk());
  folder_.Write("state/sources.json", before);
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_FALSE(folder_.report.published->new_version);
  EXPECT_THAT(folder_.Served(), SizeIs(20));
  ASSERT_OK_AND_ASSIGN(const BuildCounts counts, ReadBuildCounts(folder_ / "state"));
  EXPECT_EQ(counts.at("domains"), 20u);
}

TEST_F(PublicationBuildTest, DamagedCountsAreToldWithTheirMend) {
  folder_.Write("domains.txt", Hosts(1));
  folder_.Configure(kDomains);
  for (const char* text : {"", "{", "[]", "{\"sources\":{\"domains\":7}}",
                           "{\"sources\":{\"domains\":{\"entries\":-1}}}"}) {
    folder_.Write("state/sources.json", text);
    const absl::Status status = folder_.Build();
    EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("Remove it")) << text;
  }
}

}  // namespace
}  // namespace cloister::publisher
