// `cloister override import` and `export`: the real command, a real cloisterd, lists as they come.

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "storage/files/files.h"
#include "tests/integration/client_fixture.h"
#include "tests/support/shared_data.h"

namespace cloister::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OverrideListsTest : public ClientWithCloisterdTest {
 protected:
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }
  ProcessResult Import(const std::string& source, std::vector<std::string> more = {},
                       const std::string& input = "") const {
    std::vector<std::string> argv = {"override", "import", source, "--reason", "list 7"};
    argv.insert(argv.end(), more.begin(), more.end());
    return Run(argv, input);
  }
  json ImportAsJson(const std::string& source, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--output", "json"});
    return json::parse(Import(source, more).output, nullptr, /*allow_exceptions=*/false);
  }
  int LookupCode(const std::string& thing, const std::string& kind) const {
    return Run({"lookup", "--kind", kind, thing}).exit_code;
  }
  std::string Export() const { return Run({"override", "export"}).output; }
};

constexpr char kRpz[] =
    "$TTL 60\n$ORIGIN rpz.example.\n@ SOA localhost. root.localhost. 1 2 3 4 5\n"
    "bad-zone.example      CNAME .\n"
    "*.worse-zone.example  CNAME .\n"
    "24.0.113.0.203.rpz-ip CNAME .\n"
    "good.bad-zone.example CNAME rpz-passthru.\n";

TEST_F(OverrideListsTest, AListOfHashesIsSetAndAnswers) {
  const std::string md5(32, 'E');
  const std::string source =
      Write("bad.txt", absl::StrCat("# ours\n", std::string(64, 'D'), "\n", md5, "  a.exe\n",
                                    std::string(40, '7'), "\n"));
  const ProcessResult result = Import("hash:" + source);
  EXPECT_EQ(result.exit_code, 0) << result.errors << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("3 listings accepted, 0 rejected"),
                                   HasSubstr("3 overrides set, live from generation")));
  EXPECT_EQ(LookupCode(std::string(64, 'd'), "file"), 10);
  EXPECT_EQ(LookupCode(md5, "file"), 10);
  EXPECT_THAT(Run({"override", "list"}).output, HasSubstr("list 7"));
  EXPECT_THAT(Run({"audit"}).output, AllOf(HasSubstr("override.import"), HasSubstr("3 overrides"),
                                           HasSubstr("hash:"), HasSubstr("list 7")));
}

TEST_F(OverrideListsTest, WhatIsLeftOutIsToldWithLineAndReasonAndTheRestIsSet) {
  const std::string source = Write("hosts.txt", "good-one.example\nco.uk\nnot a host!\n");
  const ProcessResult result = Import("domain:" + source);
  EXPECT_EQ(result.exit_code, 6) << result.errors << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("rejected as public_suffix: 1"), HasSubstr("line 2"),
                    HasSubstr("co.uk"), HasSubstr("line 3"), HasSubstr("1 overrides set")));
  const json document = ImportAsJson("domain:" + source);
  ASSERT_TRUE(document.is_object());
  EXPECT_EQ(document["set"], 1);
  EXPECT_EQ(document["rejected"]["public_suffix"]["examples"][0]["line"], 2);
  EXPECT_EQ(document["dry_run"], false);
}

TEST_F(OverrideListsTest, NothingOfItIsAFailure) {
  EXPECT_EQ(Import("domain:" + Write("none.txt", "co.uk\n")).exit_code, 5);
  const ProcessResult no_file = Import(absl::StrCat("hash:", directory_ / "absent.txt"));
  EXPECT_EQ(no_file.exit_code, 5);
  EXPECT_THAT(no_file.errors, HasSubstr("absent.txt"));
}

TEST_F(OverrideListsTest, AZoneBecomesHostsBelowAndNetworks) {
  const ProcessResult result = Import("rpz:" + Write("rpz.zone", kRpz));
  EXPECT_EQ(result.exit_code, 6) << result.errors;
  EXPECT_THAT(result.output, AllOf(HasSubstr("3 overrides set"), HasSubstr("as unsupported: 1"),
                                   HasSubstr("good.bad-zone.example"), HasSubstr("override set")));
  EXPECT_EQ(LookupCode("bad-zone.example", "host"), 10);
  EXPECT_EQ(LookupCode("below.bad-zone.example", "host"), 0);
  EXPECT_EQ(LookupCode("below.worse-zone.example", "host"), 10);
  EXPECT_EQ(LookupCode("worse-zone.example", "host"), 0);
  EXPECT_EQ(LookupCode("203.0.113.77", "ip"), 10);
}

TEST_F(OverrideListsTest, TheCommandLineSaysWhatTheListDoesNot) {
  const std::string source = Write("ours.txt", "ours.example\nhttp://example.net/tool.exe\n");
  const ProcessResult result =
      Import("list:" + source, {"--verdict", "suspicious", "--scope", "subtree", "--valid-for",
                                "30d", "--categories", "riskware,adware", "--confidence", "70"});
  EXPECT_EQ(result.exit_code, 0) << result.errors << result.output;
  EXPECT_EQ(LookupCode("www.ours.example", "host"), 12);
  const std::string listed = Run({"override", "list"}).output;
  EXPECT_THAT(listed, AllOf(HasSubstr("until 20"), HasSubstr("adware, riskware"),
                            HasSubstr("confidence  70"), HasSubstr("scope subtree")));
}

TEST_F(OverrideListsTest, AListIsDeletedAgain) {
  ASSERT_EQ(Import("domain:" + Write("two.txt", "one.example\n*.two.example\n")).exit_code, 0);
  const std::string more = "domain:" + Write("more.txt", "one.example\n*.two.example\nx.example\n");
  const ProcessResult result = Run({"override", "delete", "--from", more, "--reason", "over"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("Deleted 2 overrides; 1 were not set, 0 could not be read"));
  EXPECT_THAT(Run({"override", "list"}).output, HasSubstr("there is no override"));
  EXPECT_EQ(Run({"override", "delete", "--reason", "r"}).exit_code, 2);
  EXPECT_EQ(Run({"override", "delete", "x.example", "--from", more, "--reason", "r"}).exit_code, 2);
}

TEST_F(OverrideListsTest, StandardInputIsRead) {
  const ProcessResult result = Import("-", {"--format", "ip"}, "198.51.100.0/24\n");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(LookupCode("198.51.100.9", "ip"), 10);
}

TEST_F(OverrideListsTest, ADryRunChangesNothing) {
  const std::string source = Write("hosts.txt", "dry.example\n");
  const ProcessResult result = Import("domain:" + source, {"--dry-run"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("1 overrides would be set"));
  EXPECT_EQ(LookupCode("dry.example", "host"), 0);
  EXPECT_THAT(Run({"override", "list"}).output, HasSubstr("there is no override"));
}

TEST_F(OverrideListsTest, MistakesOnTheCommandLineAreNamed) {
  const std::string source = "hash:" + Write("bad.txt", std::string(64, 'd') + "\n");
  const std::vector<std::pair<std::vector<std::string>, const char*>> mistakes = {
      {{"override", "import", source}, "--reason"},
      {{"override", "import", "xls:x", "--reason", "r"}, "no feed format is called 'xls'"},
      {{"override", "import", "bad.txt", "--reason", "r"}, "FORMAT:PATH"},
      {{"override", "import", source, "--reason", "r", "--categories", "worm"}, "--categories"},
      {{"override", "import", source, "--reason", "r", "--column", "value"}, "--column"},
      {{"override", "import", source, "--reason", "r", "--valid-for", "soon"}, "--valid-for"}};
  for (const auto& [argv, says] : mistakes) {
    const ProcessResult result = Run(argv);
    EXPECT_EQ(result.exit_code, 2) << says;
    EXPECT_THAT(result.errors, HasSubstr(says));
  }
  const ProcessResult gateway =
      RunAs(certificates_.gateway, {"override", "import", source, "--reason", "r"});
  EXPECT_EQ(gateway.exit_code, 4) << gateway.errors;
}

// What is exported, deleted with the whole appliance, and imported again is the same.
TEST_F(OverrideListsTest, WhatIsExportedCanBeImportedAgain) {
  const std::string source = Write(
      "all.csv",
      "kind,value,verdict,scope,threat_name,categories,confidence,applies_to,valid_until\n"
      "file," +
          std::string(64, 'd') +
          ",malicious,,\"Trojan, \"\"X\"\"\",malware,90,,\n"
          "file," +
          std::string(32, 'e') +
          ",known,,,,,,\n"
          "url,http://user@Example.NET:8080/a b?q=%41,malicious,,,phishing;scam,,,2099-12-31\n"
          "url,http://[2001:db8::1]/x,suspicious,,,,,,\n"
          "url,http://example.net/,unwanted,subtree,,,,,\n"
          "host,bücher.example,malicious,subdomains_only,,,,sender_domain;c2,\n"
          "host,ours.example,trusted,subtree,,,,,2030-01-31T12:00:00Z\n"
          "ip,192.0.2.0/25,trusted,,,,,,\n"
          "ip,2001:db8::7,malicious,,,,,smtp_client,\n"
          "software,pkg:deb/debian/curl@7.88.1,known,,,,,,\n");
  const ProcessResult imported = Import("csv:" + source);
  ASSERT_EQ(imported.exit_code, 0) << imported.errors << imported.output;
  const std::string exported = Export();
  const std::vector<std::string> lines = absl::StrSplit(exported, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 11u) << exported;
  EXPECT_THAT(exported, HasSubstr("operator.test.invalid: list 7"));
  const std::string file = directory_ / "exported.csv";
  const ProcessResult written = Run({"override", "export", "--to", file});
  EXPECT_EQ(written.exit_code, 0) << written.errors;
  EXPECT_THAT(written.output, HasSubstr("10 overrides written"));
  ASSERT_OK_AND_ASSIGN(const std::string on_disk, storage::ReadFile(file, 1 << 20));
  EXPECT_EQ(on_disk, exported);

  for (const auto& [kind, text] : std::vector<std::pair<std::string, std::string>>{
           {"host", "ours.example"}, {"ip", "192.0.2.0/25"}}) {
    ASSERT_EQ(Run({"override", "delete", text, "--kind", kind, "--reason", "r"}).exit_code, 0);
  }
  EXPECT_NE(Export(), exported);
  const ProcessResult again = Import("csv:" + file);
  EXPECT_EQ(again.exit_code, 0) << again.errors << again.output;
  EXPECT_EQ(Export(), exported);
}

TEST_F(OverrideListsTest, AFileThatCannotBeWrittenIsNamed) {
  const ProcessResult result = Run({"override", "export", "--to", directory_ / "no/x.csv"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("x.csv"));
}

struct RealList {
  const char* format;
  const char* name;
  uint64_t set;
};

// All that the reader accepts is set; the server refuses none of it.
TEST_F(OverrideListsTest, RealListsAreTakenWhole) {
  const RealList lists[] = {{"urlhaus", "data/urlhaus-csv-online/urlhaus.abuse.csv", 13'633},
                            {"rpz", "data/urlhaus-filter/urlhaus-filter-rpz.conf", 2'688},
                            {"hash", "data/romainmarcoux-hash/full-hash-md5-aa.txt", 4'090}};
  for (const RealList& list : lists) {
    const std::optional<std::string> path = SharedData(list.name);
    if (!path.has_value()) GTEST_SKIP() << SharedDataHint(list.name);
    const json document = ImportAsJson(absl::StrCat(list.format, ":", *path));
    ASSERT_TRUE(document.is_object()) << list.name;
    EXPECT_EQ(document["set"], list.set) << list.name;
    EXPECT_EQ(document["refused"], 0) << document["refusals"];
    EXPECT_THAT(document["left_out"], IsEmpty());
  }
}

TEST_F(OverrideListsTest, WhatARealListNamesIsAnsweredSo) {
  constexpr char kName[] = "data/urlhaus-csv-online/urlhaus.abuse.csv";
  const std::optional<std::string> path = SharedData(kName);
  if (!path.has_value()) GTEST_SKIP() << SharedDataHint(kName);
  ASSERT_EQ(ImportAsJson("urlhaus:" + *path)["refused"], 0);
  std::ifstream file(*path);
  std::string sample;
  size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, "\",\"");
    if (line.empty() || line[0] == '#' || fields.size() < 3 || ++rows % 20 != 0) continue;
    absl::StrAppend(&sample, fields[2], "\n");
  }
  const ProcessResult result = Run({"--output", "json", "lookup", "--kind", "url", "-"}, sample);
  const json answers = json::parse(result.output, nullptr, false)["answers"];
  EXPECT_GT(answers.size(), 500u);
  for (const json& answer : answers) {
    EXPECT_EQ(answer["verdict"], "malicious") << answer["input"];
    EXPECT_EQ(answer["matches"][0]["layer"], "override") << answer["input"];
  }
}

}  // namespace
}  // namespace cloister::testing
