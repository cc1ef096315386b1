// The files that guards read.

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sync/publisher/guards/import_guard.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/guarded_entry.h"

namespace cloister::publisher {
namespace {

using ::cloister::testing::HasCode;
using reputation::ObjectKind;
using reputation::Scope;
using ::testing::AllOf;
using testing::EntryOf;
using testing::GuardOf;
using ::testing::HasSubstr;

class GuardFilesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }
  std::string Why(ObjectKind kind, const char* listed, Scope scope = Scope::kExact) {
    const auto finding = GuardOf(options_)->Check(EntryOf(kind, listed, scope));
    return finding.has_value() ? finding->why : "passes";
  }

  const testing::TemporaryDirectory directory_;
  GuardOptions options_;
};

TEST_F(GuardFilesTest, PopularHostsAreReadInEveryForm) {
  options_.popular_hosts_count = 3;
  for (const char* text :
       {"one.example\ntwo.example\nthree.example\nfour.example\n",
        "1,one.example\n2,Two.Example.\r\n3,three.example\n4,four.example",
        "url,label,source\nhttps://one.example,0,x\nhttp://two.example/,0,x\n"
        "https://three.example/x,0,x\nhttps://four.example,0,x\n",
        "# by rank\n\none.example\ncom\n  two.example\nthree.example\nfour.example\n"}) {
    options_.popular_hosts = {Write("popular", text)};
    EXPECT_EQ(Why(ObjectKind::kHost, "one.example"), "popular host one.example") << text;
    EXPECT_EQ(Why(ObjectKind::kHost, "two.example"), "popular host two.example") << text;
    EXPECT_EQ(Why(ObjectKind::kHost, "three.example"), "popular host three.example") << text;
    EXPECT_EQ(Why(ObjectKind::kHost, "four.example"), "passes") << text;
    EXPECT_EQ(Why(ObjectKind::kHost, "www.one.example"), "passes") << text;
    EXPECT_EQ(Why(ObjectKind::kUrl, "http://one.example/x"), "passes") << text;
    EXPECT_EQ(Why(ObjectKind::kUrl, "http://one.example/", Scope::kSubtree),
              "popular host one.example");
  }
}

TEST_F(GuardFilesTest, WarningListsHoldNamesDigestsAndWhatTouchesTheirNetworks) {
  options_.warning_lists = {
      Write("names.json", R"({"name": "Names", "type": "hostname", "list": ["cdn.example"]})"),
      Write("nets.json",
            R"({"name": "Resolvers", "type": "cidr", "list": ["9.9.9.9/32", "104.16.0.0/13"]})"),
      Write("hashes.json", absl::StrCat(R"({"name": "Hashes", "type": "string", "list": [")",
                                        std::string(64, 'a'), R"("]})"))};
  EXPECT_EQ(Why(ObjectKind::kHost, "cdn.example"), "warning list Names: cdn.example");
  EXPECT_EQ(Why(ObjectKind::kHost, "a.cdn.example"), "passes");
  EXPECT_EQ(Why(ObjectKind::kIp, "9.9.9.9"), "warning list Resolvers: 9.9.9.9");
  EXPECT_EQ(Why(ObjectKind::kIp, "9.9.9.0/24", Scope::kSubtree), "warning list Resolvers: 9.9.9.9")
      << "it contains a resolver";
  EXPECT_EQ(Why(ObjectKind::kIp, "104.17.1.2"), "warning list Resolvers: 104.16.0.0/13");
  EXPECT_EQ(Why(ObjectKind::kIp, "9.9.8.0/24", Scope::kSubtree), "passes");
  EXPECT_EQ(Why(ObjectKind::kFile, std::string(64, 'a').c_str()),
            absl::StrCat("warning list Hashes: ", std::string(64, 'a')));
}

TEST_F(GuardFilesTest, WhoListsAllBelowANameListsWhatListsNameThere) {
  options_.warning_lists = {Write(
      "names.json", R"({"name": "Names", "type": "hostname", "list": ["a.login.corp.example"]})")};
  options_.popular_hosts = {Write("popular", "www.busy.example\n")};
  for (const Scope scope : {Scope::kSubtree, Scope::kSubdomainsOnly}) {
    EXPECT_EQ(Why(ObjectKind::kHost, "corp.example", scope),
              "warning list Names: names below corp.example");
    EXPECT_EQ(Why(ObjectKind::kHost, "login.corp.example", scope),
              "warning list Names: names below login.corp.example");
    EXPECT_EQ(Why(ObjectKind::kHost, "busy.example", scope), "popular hosts below busy.example");
  }
  EXPECT_EQ(Why(ObjectKind::kUrl, "http://corp.example/", Scope::kSubtree),
            "warning list Names: names below corp.example");
  EXPECT_EQ(Why(ObjectKind::kHost, "corp.example"), "passes") << "itself alone";
  EXPECT_EQ(Why(ObjectKind::kHost, "b.corp.example", Scope::kSubtree), "passes");
  options_.allow = {"corp.example"};
  EXPECT_EQ(Why(ObjectKind::kHost, "corp.example", Scope::kSubtree), "passes");
}

TEST_F(GuardFilesTest, AllowedObjectsComeFromFilesToo) {
  options_.allow_files = {Write("allow",
                                "# ticket 7\n\ngithub.com   # our own\n"
                                "bit.ly\tshared_host\tshared host (shortener) bit.ly\thold\tx\r\n"
                                "https://t.co/#\n")};
  EXPECT_EQ(Why(ObjectKind::kHost, "github.com"), "passes");
  EXPECT_EQ(Why(ObjectKind::kHost, "bit.ly"), "passes");
  EXPECT_EQ(Why(ObjectKind::kUrl, "http://t.co/", Scope::kSubtree), "passes");
  EXPECT_NE(Why(ObjectKind::kHost, "gitlab.com"), "passes");
}

TEST_F(GuardFilesTest, MistakesNameFileLineAndMend) {
  struct Row {
    const char* setting;
    GuardOptions options;
    std::string place;
    const char* says;
  };
  const std::string missing = directory_ / "missing";
  const std::string bad_host = Write("bad_host", "one.example\n\ntwo hosts.example\n");
  const std::string no_host = Write("no_host", "rank,host\n");
  const std::string bad_allow = Write("bad_allow", "a.example\nnot an object\n");
  const std::string bad_list = Write("bad.json", "[]");
  const Row rows[] = {
      {"popular_hosts", {.popular_hosts = {missing}}, missing, "No such file"},
      {"popular_hosts", {.popular_hosts = {bad_host}}, bad_host + ":3", "one host a line"},
      {"popular_hosts", {.popular_hosts = {no_host}}, no_host, "names no host"},
      {"warning_lists", {.warning_lists = {missing}}, missing, "No such file"},
      {"warning_lists", {.warning_lists = {bad_list}}, bad_list, "take it off the list"},
      {"allow_files", {.allow_files = {missing}}, missing, "take it off the list"},
      {"allow_files", {.allow_files = {bad_allow}}, bad_allow + ":2", "mend or remove the line"},
      {"allow", {.allow = {"two words"}}, "two words", "no digest, address, network, URL or host"},
      {"own_domains", {.own_domains = {"a b"}}, "own_domains", "a b"},
      {"own_networks", {.own_networks = {"192.0.2.1/24"}}, "own_networks", "192.0.2.0/24"},
  };
  for (const Row& row : rows) {
    const absl::Status status = BuildImportGuard(row.options).status();
    EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument)) << row.place;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(absl::StrCat(row.setting, ": ")),
                                                     HasSubstr(row.place), HasSubstr(row.says)));
  }
}

}  // namespace
}  // namespace cloister::publisher
