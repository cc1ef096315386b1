#include "sync/publisher/publication/publication.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sync/publisher/publication/source_files.h"
#include "sync/publisher/publication/source_policy.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::publisher {
namespace {

using feeds::FeedEntry;
using feeds::RowFault;
using reputation::Category;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

constexpr char kStart[] =
    "[repository]\npath = 'repo'\nstate_directory = 'state'\n[keys]\nfolders = ['keys']\n";

absl::StatusOr<Publication> Parse(absl::string_view rest) {
  return ParsePublication(absl::StrCat(kStart, rest), "/etc/feeds/publication.toml");
}

constexpr char kEverything[] = R"(
[repository]
path = "repo"
state_directory = "/var/lib/state"
minimum_poll_s = 60
also_covers = ["url"]
[keys]
folders = ["keys"]
keys = ["more/targets.pem", "pkcs11:token=hsm"]
passphrase_file = "passphrase"
pin_file = "/run/pin"
[guards]
warning_list = "refuse"
private_network = "off"
min_ipv4_prefix = 20
warning_lists = ["lists"]
own_domains = ["bank.example"]
allow = ["github.com"]
[schedule]
interval_s = 60
refresh_at_share = 0.3
[[source]]
name = "urlhaus"
format = "urlhaus"
url = "https://feeds.example/csv"
ca_file = "ca.pem"
max_mb = 10
timeout_s = 5
trust = 80
confidence = 70
max_confidence = 90
valid_for_days = 1.5
applies_to = ["url_host", "c2"]
add_categories = ["phishing", "malware", "phishing"]
minimum_count = 3
min_kept_share = 0.9
use_last_copy_for_h = 5
licence = "CC0-1.0"
attribution = "abuse.ch"
licence_url = "https://feeds.example/terms"
redistribution = "allowed"
[source.header_files]
Auth-Key = "auth-key"
[source.verdicts]
trusted = "known"
[source.categories]
Ransom = ["malware", "scam"]
[[source]]
name = "ours"
format = "csv"
path = "ours/*.csv"
verdict = "suspicious"
)";

TEST(PublicationFile, ReadsEverythingOfTheWhole) {
  ASSERT_OK_AND_ASSIGN(const Publication publication,
                       ParsePublication(kEverything, "/etc/feeds/p.toml"));
  EXPECT_EQ(publication.repository, "/etc/feeds/repo");
  EXPECT_EQ(publication.state_directory, "/var/lib/state");
  EXPECT_EQ(publication.minimum_poll_interval, absl::Minutes(1));
  EXPECT_TRUE(publication.also_covers.Covers(reputation::LookupForm::kUrlExpression));
  EXPECT_THAT(publication.key_folders, ElementsAre("/etc/feeds/keys"));
  EXPECT_THAT(publication.keys, ElementsAre("/etc/feeds/more/targets.pem", "pkcs11:token=hsm"));
  EXPECT_EQ(publication.passphrase_file, "/etc/feeds/passphrase");
  EXPECT_EQ(publication.pin_file, "/run/pin");
  EXPECT_EQ(publication.guards.warning_list, GuardAction::kRefuse);
  EXPECT_EQ(publication.guards.private_network, GuardAction::kOff);
  EXPECT_EQ(publication.guards.empty_file, GuardAction::kRefuse);
  EXPECT_EQ(publication.guards.min_ipv4_prefix, 20);
  EXPECT_THAT(publication.guards.warning_lists, ElementsAre("/etc/feeds/lists"));
  EXPECT_THAT(publication.guards.own_domains, ElementsAre("bank.example"));
  EXPECT_THAT(publication.guards.allow, ElementsAre("github.com"));
  EXPECT_EQ(publication.schedule.interval, absl::Minutes(1));
  EXPECT_EQ(publication.schedule.refresh_at_share, 0.3);
}

TEST(PublicationFile, ReadsEverythingOfASource) {
  ASSERT_OK_AND_ASSIGN(const Publication publication,
                       ParsePublication(kEverything, "/etc/feeds/p.toml"));
  ASSERT_THAT(publication.sources, SizeIs(2));
  const PublicationSource& web = publication.sources[0];
  ASSERT_TRUE(web.web.has_value());
  EXPECT_EQ(web.web->url, "https://feeds.example/csv");
  EXPECT_EQ(web.web->ca_file, "/etc/feeds/ca.pem");
  EXPECT_EQ(web.web->max_bytes, 10u << 20);
  EXPECT_EQ(web.web->timeout, absl::Seconds(5));
  EXPECT_EQ(web.web->header_files.at("Auth-Key"), "/etc/feeds/auth-key");
  EXPECT_EQ(web.terms.trust, 80);
  EXPECT_EQ(web.terms.confidence, 70);
  EXPECT_EQ(web.terms.max_confidence, 90);
  EXPECT_EQ(web.terms.valid_for, absl::Hours(36));
  EXPECT_EQ(web.terms.applies_to, 0b1001);
  EXPECT_THAT(web.terms.categories, ElementsAre(Category::kMalware, Category::kPhishing));
  EXPECT_EQ(web.terms.verdict_map.at(Verdict::kTrusted), Verdict::kKnown);
  EXPECT_THAT(web.terms.category_map.at("ransom"),
              ElementsAre(Category::kMalware, Category::kScam));
  EXPECT_EQ(web.reading.minimum_count, 3u);
  EXPECT_EQ(web.min_kept_share, 0.9);
  EXPECT_EQ(web.use_last_copy_for, absl::Hours(5));
  EXPECT_EQ(web.note.name, "urlhaus");
  EXPECT_EQ(web.note.licence, "CC0-1.0");
  EXPECT_EQ(web.note.attribution, "abuse.ch");
  EXPECT_EQ(web.note.url, "https://feeds.example/terms");
  EXPECT_EQ(web.note.redistribution, trust::Redistribution::kAllowed);
  EXPECT_EQ(publication.sources[1].path, "/etc/feeds/ours/*.csv");
  EXPECT_FALSE(publication.sources[1].web.has_value());
  EXPECT_EQ(publication.sources[1].terms.verdict, Verdict::kSuspicious);
}

// Each value of one source is wrong in its own way, and all that is good.
TEST(PublicationFile, EveryMistakeIsToldWithItsLineAndMend) {
  const struct {
    const char* lines;
    const char* what;
  } cases[] = {
      {"", "source: at least one [[source]] is needed"},
      {"[[source]]\nname='A B'\nformat='url'\npath='x'", ":7: name: "},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\n[[source]]\nname='a'\nformat='url'\npath='x'",
       ":11: name: is that of another [[source]]"},
      {"[[source]]\nname='a'\nformat='shoes'\npath='x'", "there are: csv, debian-packages"},
      {"[[source]]\nname='a'\nformat='url'", "path: or url is missing"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nurl='https://a.example/'",
       "path: stands beside url"},
      {"[[source]]\nname='a'\nformat='url'\nurl='http://a.example/'", "allow_http = true"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\ntrust=101", "from 0 to 100"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nverdict='bad'", "verdict: "},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\n[source.verdicts]\nbad='known'",
       "bad: is no verdict"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nadd_categories=['shoes']",
       "no category is called \"shoes\"; there are: malware, phishing"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\n[source.categories]\nelf=['shoes']",
       "no category is called \"shoes\""},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\napplies_to=['any']",
       "there are: url_host, sender_domain, smtp_client, c2"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nconfidence=80\nmax_confidence=70",
       "confidence: is above max_confidence"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nvalid_for_days=0.01", "less than an hour"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nredistribution='yes'", "redistribution: "},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nlicence=\"a\\u0007\"", "licence"},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nmin_kept_share=2", "min_kept_share: "},
      {"[[source]]\nname='a'\nformat='url'\npath='x'\nlicense='CC0'", "license"},
      {"[guards]\nempty_file='keep'\n[[source]]\nname='a'\nformat='url'\npath='x'", "empty_file: "},
      {"[schedule]\ninterval_s=1\n[[source]]\nname='a'\nformat='url'\npath='x'", "interval_s: "},
  };
  for (const auto& c : cases) {
    const absl::Status status = Parse(c.lines).status();
    EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument)) << c.lines;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.what)) << c.lines;
    EXPECT_THAT(std::string(status.message()), HasSubstr("/etc/feeds/publication.toml:"));
    EXPECT_THAT(std::vector<std::string>(absl::StrSplit(status.message(), '\n')), SizeIs(1))
        << status.message();
  }
}

// deploy/publication.toml, with what is commented out taken in.
TEST(PublicationFile, TheExampleIsComplete) {
  std::ifstream file(CLOISTER_SOURCE_DIR "/deploy/publication.toml");
  std::string text;
  for (std::string line; std::getline(file, line);) {
    const bool setting = line.size() > 2 && line[0] == '#' && line.find(" = ") < 20;
    absl::StrAppend(&text, setting ? line.substr(2) : line, "\n");
  }
  ASSERT_OK_AND_ASSIGN(const Publication publication, ParsePublication(text, "/p.toml"));
  ASSERT_THAT(publication.sources, SizeIs(2));
  EXPECT_EQ(publication.sources[0].terms.verdict, Verdict::kMalicious);
  EXPECT_THAT(publication.sources[0].web->header_files, SizeIs(1));
  EXPECT_THAT(publication.sources[0].terms.category_map, SizeIs(1));
  EXPECT_THAT(publication.sources[1].reading.columns, SizeIs(2));
}

TEST(PublicationFile, StateIsNoPartOfWhatEverybodyReads) {
  const absl::Status status =
      ParsePublication(
          "[repository]\npath='r'\nstate_directory='r/state'\n[keys]\nfolders=['k']\n"
          "[[source]]\nname='a'\nformat='url'\npath='x'",
          "/p.toml")
          .status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("must lie outside of the repository"));
}

TEST(PublicationFile, NoSecretLiesWhereEverybodyReads) {
  const absl::Status status =
      ParsePublication(
          "[repository]\npath='r'\nstate_directory='s'\n"
          "[keys]\nfolders=['r/keys']\nkeys=['r/one.pem']\npassphrase_file='r/../r/pass'\n"
          "pin_file='rest/pin'\n"
          "[[source]]\nname='a'\nformat='url'\nurl='https://a.example/'\n"
          "header_files={Auth-Key='r/key'}",
          "/p.toml")
          .status();
  for (const char* place : {"folders", "keys", "passphrase_file", "header_files of \"a\""}) {
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat(place, ": must lie outside of the repository")));
  }
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("pin_file")));
}

FeedEntry Entry(Verdict verdict = Verdict::kMalicious) {
  FeedEntry entry = feeds::FileEntry(1, verdict, "Loader");
  entry.label.categories = {Category::kPhishing};
  return entry;
}

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);

TEST(SourcePolicy, ChangesNothingOfItself) {
  const SourcePolicy policy({}, kNow);
  EXPECT_FALSE(policy.changes());
  FeedEntry entry = Entry();
  EXPECT_FALSE(policy.Apply(&entry).has_value());
  EXPECT_EQ(entry.record, Entry().record);
  EXPECT_EQ(entry.label, Entry().label);
}

TEST(SourcePolicy, VerdictsAreReplacedAndWordsOfThreatsGoWithThem) {
  const SourcePolicy policy({.verdict_map = {{Verdict::kTrusted, Verdict::kKnown},
                                             {Verdict::kMalicious, Verdict::kSuspicious},
                                             {Verdict::kUnwanted, Verdict::kKnown}}},
                            kNow);
  FeedEntry trusted = Entry(Verdict::kTrusted);
  EXPECT_FALSE(policy.Apply(&trusted).has_value());
  EXPECT_EQ(trusted.record.verdict, Verdict::kKnown);
  EXPECT_EQ(trusted.label.threat_name, "Loader");  // it condemned nobody before
  FeedEntry malicious = Entry(Verdict::kMalicious);
  EXPECT_FALSE(policy.Apply(&malicious).has_value());
  EXPECT_EQ(malicious.record.verdict, Verdict::kSuspicious);
  EXPECT_EQ(malicious.label.threat_name, "Loader");
  FeedEntry unwanted = Entry(Verdict::kUnwanted);
  EXPECT_FALSE(policy.Apply(&unwanted).has_value());
  EXPECT_EQ(unwanted.record.verdict, Verdict::kKnown);
  EXPECT_TRUE(unwanted.label.empty());
}

TEST(SourcePolicy, NothingIsTrustedByAWeakDigest) {
  const SourcePolicy policy({.verdict_map = {{Verdict::kKnown, Verdict::kTrusted}}}, kNow);
  FeedEntry strong = Entry(Verdict::kKnown);
  EXPECT_FALSE(policy.Apply(&strong).has_value());
  EXPECT_EQ(strong.record.verdict, Verdict::kTrusted);
  FeedEntry weak = Entry(Verdict::kKnown);
  weak.key = reputation::LookupKey::ForFile(
      *reputation::Digest::FromHex("44d88612fea8a8f36de82e1278abb02f"));
  const auto fault = policy.Apply(&weak);
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->fault, RowFault::kWeakDigestTrusted);
}

TEST(SourcePolicy, ConfidenceIsFilledInAndCapped) {
  const SourcePolicy policy({.confidence = 40, .max_confidence = 60}, kNow);
  const struct { uint8_t stated, taken; } cases[] = {{0, 40}, {20, 20}, {60, 60}, {100, 60}};
  for (const auto& c : cases) {
    FeedEntry entry = Entry();
    entry.record.confidence = c.stated;
    EXPECT_FALSE(policy.Apply(&entry).has_value());
    EXPECT_EQ(entry.record.confidence, c.taken) << int{c.stated};
  }
}

TEST(SourcePolicy, CategoriesAndContextsAreAdded) {
  const SourcePolicy policy(
      {.categories = {Category::kMalware, Category::kPhishing}, .applies_to = 0b0001}, kNow);
  FeedEntry entry = Entry();
  EXPECT_FALSE(policy.Apply(&entry).has_value());
  EXPECT_THAT(entry.label.categories, ElementsAre(Category::kMalware, Category::kPhishing));
  EXPECT_EQ(entry.record.applies_to, 0b0001);
  FeedEntry limited = Entry();
  limited.record.applies_to = 0b1000;
  EXPECT_FALSE(policy.Apply(&limited).has_value());
  EXPECT_EQ(limited.record.applies_to, 0b1000);
}

TEST(SourcePolicy, AnExclusionStaysOne) {
  const SourcePolicy policy({.verdict_map = {{Verdict::kKnown, Verdict::kMalicious}},
                             .categories = {Category::kMalware},
                             .confidence = 40,
                             .applies_to = 0b0001},
                            kNow);
  FeedEntry entry = feeds::FileEntry(1, Verdict::kKnown);
  entry.record.excluded = true;
  EXPECT_FALSE(policy.Apply(&entry).has_value());
  EXPECT_TRUE(entry.record.excluded);
  EXPECT_EQ(entry.record.confidence, 0);
  EXPECT_TRUE(entry.label.empty());
  EXPECT_EQ(entry.record.applies_to, 0b0001);
}

TEST(SourcePolicy, EntriesEndAfterTheyWereSeen) {
  const SourcePolicy policy({.valid_for = absl::Hours(24 * 8)}, kNow);
  const struct {
    int first, last, stated;  // days before now; 0: not stated. Days after it
    int ends;                 // days after now, less than a day off
  } cases[] = {{0, 0, 5, 5}, {0, 0, 0, 8}, {3, 0, 0, 5}, {30, 2, 0, 6}, {30, 2, 1, 1}};
  for (const auto& c : cases) {
    FeedEntry entry = Entry();
    const auto days = [](int count) {
      return reputation::DaysSinceEpoch(kNow + absl::Hours(24 * count));
    };
    if (c.first != 0) entry.record.first_seen_days = days(-c.first);
    if (c.last != 0) entry.record.last_seen_days = days(-c.last);
    if (c.stated != 0) {
      entry.record.valid_until_hours =
          reputation::HoursSinceEpoch(kNow + absl::Hours(24 * c.stated));
    }
    EXPECT_FALSE(policy.Apply(&entry).has_value());
    const double off = absl::ToDoubleHours(entry.record.valid_until() - kNow) / 24 - c.ends;
    EXPECT_GT(off, -1.0) << c.ends;
    EXPECT_LE(off, 2.0) << c.ends;  // a quarter of eight days
  }
}

TEST(SourcePolicy, BuildsWithinAQuarterAgreeOnTheEnd) {
  const absl::Duration valid_for = absl::Hours(24 * 8);
  const auto end = [valid_for](absl::Time now) {
    FeedEntry entry = Entry();
    EXPECT_FALSE(SourcePolicy({.valid_for = valid_for}, now).Apply(&entry).has_value());
    EXPECT_GE(entry.record.valid_until() - now, valid_for);
    EXPECT_LE(entry.record.valid_until() - now, valid_for * 1.25);
    return entry.record.valid_until_hours;
  };
  int changes = 0;
  for (int hour = 1; hour <= 24 * 8; ++hour) {
    changes += end(kNow + absl::Hours(hour)) != end(kNow + absl::Hours(hour - 1)) ? 1 : 0;
  }
  EXPECT_EQ(changes, 4);
}

TEST(SourcePolicy, WhatHasLapsedIsRefused) {
  FeedEntry entry = Entry();
  entry.record.valid_until_hours = reputation::HoursSinceEpoch(kNow - absl::Hours(5));
  const auto stated = SourcePolicy({}, kNow).Refusal(entry);
  ASSERT_TRUE(stated.has_value());
  EXPECT_EQ(stated->fault, RowFault::kExpired);
  FeedEntry old = Entry();
  old.record.last_seen_days = reputation::DaysSinceEpoch(kNow - absl::Hours(24 * 31));
  const auto derived = SourcePolicy({.valid_for = absl::Hours(24 * 30)}, kNow).Apply(&old);
  ASSERT_TRUE(derived.has_value());
  EXPECT_EQ(derived->fault, RowFault::kExpired);
}

class SourceFilesTest : public ::testing::Test {
 protected:
  std::string Touch(absl::string_view name) {
    const std::filesystem::path path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "x";
    return path.string();
  }

  TemporaryDirectory directory_;
};

TEST_F(SourceFilesTest, AFileAFolderOrAPattern) {
  const std::string b = Touch("feed/b.json"), a = Touch("feed/a.json"), c = Touch("feed/c.txt");
  Touch("feed/.hidden.json");
  Touch("feed/below/d.json");
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> files, FindSourceFiles(a, "stix"));
  EXPECT_THAT(files, ElementsAre(a));
  ASSERT_OK_AND_ASSIGN(files, FindSourceFiles(directory_ / "feed", "stix"));
  EXPECT_THAT(files, ElementsAre(a, b, c));
  ASSERT_OK_AND_ASSIGN(files, FindSourceFiles(directory_ / "feed/*.json", "stix"));
  EXPECT_THAT(files, ElementsAre(a, b));
  const std::string odd = Touch("feed/odd[1].json");
  ASSERT_OK_AND_ASSIGN(files, FindSourceFiles(odd, "stix"));
  EXPECT_THAT(files, ElementsAre(odd));
}

TEST_F(SourceFilesTest, AManifestSpeaksForItsFolder) {
  const std::string manifest = Touch("misp/manifest.json");
  Touch("misp/5f1b2c3d-0000-4000-8000-000000000000.json");
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> files,
                       FindSourceFiles(directory_ / "misp", "misp"));
  EXPECT_THAT(files, ElementsAre(manifest));
  ASSERT_OK_AND_ASSIGN(files, FindSourceFiles(directory_ / "misp", "stix"));
  EXPECT_THAT(files, SizeIs(2));
}

TEST_F(SourceFilesTest, NothingThereIsAnError) {
  std::filesystem::create_directory(directory_ / "empty");
  for (const char* path : {"absent", "empty", "empty/*.json", "absent/*"}) {
    EXPECT_THAT(FindSourceFiles(directory_ / path, "url"), HasCode(absl::StatusCode::kNotFound))
        << path;
  }
}

TEST_F(SourceFilesTest, LinksLeadNowhereElse) {
  const std::string outside = Touch("secret.txt");
  const std::string inside = Touch("feed/a.txt");
  std::filesystem::create_symlink(inside, directory_ / "feed/b.txt");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> files,
                       FindSourceFiles(directory_ / "feed", "url"));
  EXPECT_THAT(files, SizeIs(2));
  std::filesystem::create_symlink(outside, directory_ / "feed/c.txt");
  for (const char* path : {"feed", "feed/*.txt"}) {
    EXPECT_THAT(FindSourceFiles(directory_ / path, "url"),
                HasCode(absl::StatusCode::kFailedPrecondition))
        << path;
  }
}

}  // namespace
}  // namespace cloister::publisher
