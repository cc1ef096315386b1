// Which paths a delegation covers, and in which order roles are asked for a target.

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sync/trust/delegation.h"
#include "sync/trust/hash.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::TestDelegation;
using cloister::testing::TestKey;
using reputation::RejectReason;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Key;

TEST(MatchesPattern, WildcardsNeverMatchASlash) {
  struct Case {
    const char* pattern;
    const char* path;
    bool matches;
  };
  const Case cases[] = {
      {"*", "file", true},
      {"*", "", true},
      {"*", "a/b", false},
      {"", "", true},
      {"", "a", false},
      {"?", "a", true},
      {"?", "/", false},
      {"?", "", false},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"*.tgz", "foo.tgz", true},
      {"*.tgz", "a/foo.tgz", false},
      {"targets/*.tgz", "targets/foo.tgz", true},
      {"targets/*.tgz", "targets/foo.txt", false},
      {"targets/*.tgz", "targets/sub/foo.tgz", false},
      {"*/*", "a/b", true},
      {"*/*", "a/b/c", false},
      {"foo-version-?.tgz", "foo-version-2.tgz", true},
      {"foo-version-?.tgz", "foo-version-alpha.tgz", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbY/c", false},
      {"*a*a*a*", "aaa", true},
      {"*a*a*a*", "aa", false},
      {"**", "file", true},
      {"**", "a/b", false},
      {"**/c", "a/b/c", false},
      {"[ab]", "a", false},
      {"[ab]", "[ab]", true},
      {"\\*", "*", false},
      {"A", "a", false},
      {"/a", "a", false},
      {"*?", "x", true},
      {"?*", "", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(MatchesPattern(c.pattern, c.path), c.matches) << c.pattern << " " << c.path;
  }
}

// What the words say, without a thought of time.
bool MatchesByDefinition(const std::string& pattern, const std::string& path) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == '*') {
    return MatchesByDefinition(pattern.substr(1), path) ||
           (!path.empty() && path[0] != '/' && MatchesByDefinition(pattern, path.substr(1)));
  }
  if (path.empty() || (pattern[0] == '?' ? path[0] == '/' : pattern[0] != path[0])) return false;
  return MatchesByDefinition(pattern.substr(1), path.substr(1));
}

TEST(MatchesPattern, AgreesWithItsDefinition) {
  std::mt19937 random(20300131);
  const auto text = [&](absl::string_view letters, size_t max_bytes) {
    std::string made(random() % (max_bytes + 1), ' ');
    for (char& c : made) c = letters[random() % letters.size()];
    return made;
  };
  int matches = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string pattern = text("ab*?/", 7);
    const std::string path = text("ab/", 7);
    ASSERT_EQ(MatchesPattern(pattern, path), MatchesByDefinition(pattern, path))
        << pattern << " " << path;
    matches += MatchesPattern(pattern, path) ? 1 : 0;
  }
  EXPECT_GT(matches, 1000);
}

TEST(MatchesPattern, HostilePatternsTakeNoLongTime) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesPattern(pattern + "b", std::string(1000, 'a')));
}

TEST(IsDelegated, GoesByPatternsOrHashPrefixes) {
  DelegatedRole role;
  EXPECT_FALSE(IsDelegated(role, "a"));
  role.paths = {"x/*", "y/?"};
  EXPECT_TRUE(IsDelegated(role, "y/a"));
  EXPECT_FALSE(IsDelegated(role, "z/a"));
  role.paths.clear();
  const std::string hash = HashHex("sha256", "a/file");
  role.path_hash_prefixes = {"zz", hash.substr(0, 2)};
  EXPECT_TRUE(IsDelegated(role, "a/file"));
  role.path_hash_prefixes = {hash};
  EXPECT_TRUE(IsDelegated(role, "a/file"));
  EXPECT_FALSE(IsDelegated(role, "a/file2"));
}

class DelegationSearch : public TrustFixture {
 protected:
  absl::StatusOr<TargetFile> Find(const std::string& path) {
    upstream_.fetched.clear();
    return client_->FindTarget(upstream_, path, {.now = now_});
  }

  // Refreshes a new client and says which files a search for `path` then fetches.
  std::vector<std::string> Fetched(const std::string& path) {
    StartFrom(upstream_.InitialState());
    EXPECT_THAT(Refresh(), IsOk());
    (void)Find(path);
    return upstream_.fetched;
  }
};

struct Graph {
  std::string name;
  struct Edge {
    std::string from;
    TestDelegation to;
  };
  std::vector<Edge> edges;
  std::vector<std::string> visited;
};

class DelegationGraphs : public DelegationSearch, public ::testing::WithParamInterface<Graph> {};

// Pre-order, depth first, in the order in which the delegators list them (5.6.7).
TEST_P(DelegationGraphs, AreSearchedInOrder) {
  for (const Graph::Edge& edge : GetParam().edges) upstream_.Delegate(edge.from, edge.to);
  upstream_.UpdateTargets();
  std::vector<std::string> files;
  for (const std::string& role : GetParam().visited) files.push_back("1." + role + ".json");
  EXPECT_THAT(Fetched("nowhere"), ElementsAreArray(files));
}

const Graph kGraphs[] = {
    {"none", {}, {}},
    {"one", {{"targets", {"A"}}}, {"A"}},
    {"siblings", {{"targets", {"A"}}, {"targets", {"B"}}}, {"A", "B"}},
    {"depth_first",
     {{"targets", {"A"}}, {"targets", {"B"}}, {"A", {"C"}}, {"A", {"D"}}, {"C", {"E"}}},
     {"A", "C", "E", "D", "B"}},
    {"terminating_stops_what_follows",
     {{"targets", {"A"}}, {"targets", {"B"}}, {"A", {"C", {"*"}, true}}, {"A", {"D"}}},
     {"A", "C"}},
    {"terminating_still_asks_below",
     {{"targets", {"A"}}, {"targets", {"B"}}, {"A", {"C", {"*"}, true}}, {"C", {"D"}}},
     {"A", "C", "D"}},
    {"terminating_elsewhere_does_not_matter",
     {{"targets", {"A", {"*.py"}, true}}, {"targets", {"B"}}},
     {"B"}},
    {"terminating_last_is_asked_last",
     {{"targets", {"A"}}, {"targets", {"B", {"*"}, true}}, {"targets", {"C"}}},
     {"A", "B"}},
    {"other_paths", {{"targets", {"A", {"*.py", "x/*"}}}, {"targets", {"B"}}, {"A", {"C"}}}, {"B"}},
    {"other_paths_below",
     {{"targets", {"A"}}, {"targets", {"B"}}, {"A", {"C", {"*.py"}}}, {"C", {"D"}}},
     {"A", "B"}},
    {"cycle",
     {{"targets", {"A"}}, {"A", {"B"}}, {"B", {"A"}}, {"B", {"C"}}, {"C", {"C"}}},
     {"A", "B", "C"}},
    {"diamond",
     {{"targets", {"A"}}, {"targets", {"B"}}, {"A", {"C"}}, {"B", {"C"}}},
     {"A", "C", "B"}},
    {"diamond_of_other_paths",
     {{"targets", {"A"}}, {"targets", {"B"}}, {"A", {"C", {"*.py"}}}, {"B", {"C"}}},
     {"A", "B", "C"}},
};

INSTANTIATE_TEST_SUITE_P(Graphs, DelegationGraphs, ::testing::ValuesIn(kGraphs),
                         [](const auto& info) { return info.param.name; });

TEST_F(DelegationSearch, FindsATargetWhereItIsDelegated) {
  upstream_.AddTarget("top", "of the top level");
  upstream_.Delegate("targets", {"A", {"*.md"}});
  upstream_.Delegate("targets", {"B", {"x/*/*"}});
  upstream_.Delegate("B", {"C", {"x/y/*"}});
  upstream_.AddTargetTo("A", "README.md", "by A");
  upstream_.AddTargetTo("C", "x/y/file", "by C, whom B trusts");
  upstream_.AddTargetTo("C", "x/z/file", "by C, which B does not trust with it");
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  ASSERT_OK_AND_ASSIGN(TargetFile file, Find("top"));
  EXPECT_THAT(upstream_.fetched, IsEmpty());
  ASSERT_OK_AND_ASSIGN(file, Find("x/y/file"));
  EXPECT_EQ(file.hashes.at("sha256"), HashHex("sha256", "by C, whom B trusts"));
  EXPECT_THAT(upstream_.fetched, ElementsAre("1.B.json", "1.C.json"));
  EXPECT_THAT(Find("x/z/file"), HasCode(absl::StatusCode::kNotFound));
  ASSERT_THAT(Find("README.md"), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("1.A.json"));
  EXPECT_THAT(client_->state().delegated, ElementsAre(Key("A"), Key("B"), Key("C")));
}

TEST_F(DelegationSearch, TheFirstRoleThatListsATargetDecides) {
  upstream_.Delegate("targets", {"A"});
  upstream_.Delegate("targets", {"B"});
  upstream_.AddTargetTo("A", "file", "by A");
  upstream_.AddTargetTo("B", "file", "by B");
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  ASSERT_OK_AND_ASSIGN(TargetFile file, Find("file"));
  EXPECT_EQ(file.hashes.at("sha256"), HashHex("sha256", "by A"));
  EXPECT_THAT(upstream_.fetched, ElementsAre("1.A.json"));
}

TEST_F(DelegationSearch, HashPrefixesPartPathsIntoBins) {
  const std::string hash = HashHex("sha256", "some/file");
  const std::string other = hash[0] == 'a' ? "b" : "a";
  upstream_.Delegate("targets", {"other", {}, false, {other}});
  upstream_.Delegate("targets", {"bin", {}, false, {hash.substr(0, 1)}});
  upstream_.AddTargetTo("bin", "some/file", "content");
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(Find("some/file"), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("1.bin.json"));
}

TEST_F(DelegationSearch, KeptFilesAreNotFetchedAgain) {
  upstream_.Delegate("targets", {"A"});
  upstream_.AddTargetTo("A", "file", "content");
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  ASSERT_THAT(Find("file"), IsOk());
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  ASSERT_THAT(Find("file"), IsOk());
  EXPECT_THAT(upstream_.fetched, IsEmpty());
  upstream_.UpdateDelegated("A");
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  ASSERT_THAT(Find("file"), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("2.A.json"));
  EXPECT_EQ(client_->state().delegated.at("A"), upstream_.DelegatedBytes("A"));
}

TEST_F(DelegationSearch, KeptFilesOfOtherVersionsAreFetchedAgainWithoutStatedHashes) {
  upstream_.states_hashes = false;
  upstream_.Delegate("targets", {"A"});
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(Find("file"), HasCode(absl::StatusCode::kNotFound));
  upstream_.AddTargetTo("A", "file", "content");
  upstream_.UpdateDelegated("A");
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_THAT(Find("file"), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("2.A.json"));
}

TEST_F(DelegationSearch, AKeptFileIsJudgedByWhoDelegatesNow) {
  upstream_.Delegate("targets", {"A"});
  upstream_.AddTargetTo("A", "file", "content");
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  ASSERT_THAT(Find("file"), IsOk());
  // The delegator names another key for the role: what the old one signed is worth nothing.
  upstream_.targets.erase("delegations");
  upstream_.delegated_signers["A"] = {TestKey()};
  upstream_.Delegate("targets", {"A"});
  const std::string by_new_key = upstream_.DelegatedBytes("A");
  upstream_.states_hashes = false;
  upstream_.UpdateTargets();
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  ASSERT_THAT(Find("file"), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("1.A.json"));
  EXPECT_EQ(client_->state().delegated.at("A"), by_new_key);
}

TEST_F(DelegationSearch, KeepsABoundedNumberOfFiles) {
  limits_.max_kept_delegated = 3;
  StartFrom(upstream_.InitialState());
  for (int i = 0; i < 10; ++i) upstream_.Delegate("targets", {absl::StrCat("role", i)});
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(Find("nowhere"), HasCode(absl::StatusCode::kNotFound));
  EXPECT_EQ(client_->state().delegated.size(), 3u);
}

TEST_F(DelegationSearch, NeedsARefreshThatSucceeded) {
  EXPECT_THAT(Find("file"), HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.UpdateTargets();
  upstream_.missing = {"2.targets.json"};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMissing));
  EXPECT_THAT(Find("file"), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DelegationSearch, UnusualRoleNamesAreAskedForAsTheyAre) {
  for (const char* name : {"../x", "a b", "?", "#", "%2e", "\u00e9", ".", "1.root"}) {
    upstream_ = testing::RepositorySimulator(now_);
    upstream_.Delegate("targets", {name});
    upstream_.UpdateTargets();
    EXPECT_THAT(Fetched("nowhere"), ElementsAre(absl::StrCat("1.", name, ".json")));
  }
}

TEST_F(DelegationSearch, ExpiredFilesAreTakenWhenAskedForAndReported) {
  upstream_.Delegate("targets", {"A"});
  upstream_.AddTargetTo("A", "file", "content");
  upstream_.delegated["A"]["expires"] = "2030-01-31T12:00:00Z";
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(client_->FindTarget(upstream_, "file", {.now = now_}),
              IsRejectedFor(RejectReason::kMetadataExpired));
  EXPECT_FALSE(client_->expired());
  EXPECT_THAT(client_->FindTarget(upstream_, "file",
                                  {.now = now_, .accept_expired_within = absl::Hours(1)}),
              IsOk());
  EXPECT_TRUE(client_->expired());
}

}  // namespace
}  // namespace cloister::trust
