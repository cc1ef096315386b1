// The library behind the command line of the public conformance suite, over real HTTP: what that
// suite expects of a client, one test each.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "sync/trust/hash.h"
#include "tests/support/process.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::trust {
namespace {

using cloister::testing::KeyKind;
using cloister::testing::RepositorySimulator;
using cloister::testing::TestKey;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string PercentDecode(absl::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    const bool escape = text[0] == '%' && text.size() > 2;
    decoded += escape ? absl::HexStringToBytes(text.substr(1, 2)) : std::string(1, text[0]);
    text.remove_prefix(escape ? 3 : 1);
  }
  return decoded;
}

class TufClientTest : public ::testing::Test {
 protected:
  TufClientTest()
      : upstream_(absl::Now()), server_([this](const std::string& path, auto& connection) {
          Serve(path, connection);
          return true;
        }) {
    std::filesystem::create_directory(targets_);
  }

  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), testing::ProgramPath("tuf_client"));
    auto result = testing::RunProcess({.argv = arguments});
    EXPECT_TRUE(result.ok()) << result.status();
    errors_ = result.ok() ? result->errors : "";
    return result.ok() ? result->exit_code : -1;
  }

  int Init(const std::string& root) {
    const std::string path = temporary_ / "trusted_root.json";
    std::ofstream(path, std::ios::binary) << root;
    return Run({"--metadata-dir", metadata_, "init", path});
  }
  int Init() { return Init(upstream_.PublishedRoot(1)); }

  int Refresh() {
    asked_.clear();
    return Run(
        {"--metadata-url", server_.url() + "metadata/", "--metadata-dir", metadata_, "refresh"});
  }

  int Download(const std::vector<std::string>& paths) {
    asked_.clear();
    std::vector<std::string> arguments = {"--metadata-url", server_.url() + "metadata/",
                                          "--metadata-dir", metadata_};
    for (const std::string& path : paths) {
      arguments.insert(arguments.end(), {"--target-name", path});
    }
    arguments.insert(arguments.end(), {"--target-dir", targets_, "--target-base-url",
                                       server_.url() + "targets/", "download"});
    return Run(arguments);
  }

  // Names and versions of what is trusted, as "root 1".
  std::vector<std::string> Trusted() const {
    std::vector<std::string> roles;
    for (const auto& entry : std::filesystem::directory_iterator(metadata_)) {
      if (entry.path().extension() != ".json") continue;
      const json file = json::parse(Read(entry.path()));
      roles.push_back(
          absl::StrCat(entry.path().stem().string(), " ", file["signed"]["version"].dump()));
    }
    std::sort(roles.begin(), roles.end());
    return roles;
  }

  // Contents of all files below the targets' directory.
  std::vector<std::string> Downloaded() const {
    std::vector<std::string> contents;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(targets_)) {
      if (entry.is_regular_file()) contents.push_back(Read(entry.path()));
    }
    std::sort(contents.begin(), contents.end());
    return contents;
  }

  std::string Stored(const std::string& name) const { return Read(metadata_ + "/" + name); }

  std::string base() const { return server_.url(); }

  RepositorySimulator upstream_;
  std::vector<std::string> asked_;  // as the requests had it, without the first folder
  std::string errors_;
  testing::TemporaryDirectory temporary_;
  std::string metadata_ = temporary_ / "metadata";
  std::string targets_ = temporary_ / "targets";

 private:
  void Serve(const std::string& path, testing::ScriptedWebServer::Connection& connection) {
    testing::OrderAcrossProcesses();
    std::lock_guard lock(mu_);
    absl::string_view name = path;
    absl::ConsumePrefix(&name, "/feeds/");
    asked_.emplace_back(name);
    std::string body;
    absl::Status served;
    if (absl::ConsumePrefix(&name, "metadata/")) {
      absl::StatusOr<std::string> bytes = upstream_.Metadata(PercentDecode(name), 1 << 30);
      served = bytes.status();
      if (bytes.ok()) body = *bytes;
    } else if (absl::ConsumePrefix(&name, "targets/")) {
      served = upstream_.Target(PercentDecode(name), 0, 1 << 30, [&](absl::string_view bytes) {
        body.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      });
    }
    connection.Answer(served.ok() ? 200 : 404, body);
    testing::OrderAcrossProcesses();
  }

  std::mutex mu_;
  testing::ScriptedWebServer server_;
};

TEST_F(TufClientTest, RefreshesAfterInit) {
  ASSERT_EQ(Init(), 0);
  EXPECT_THAT(asked_, IsEmpty());
  ASSERT_EQ(Refresh(), 0) << errors_;
  EXPECT_THAT(asked_, ElementsAre("metadata/2.root.json", "metadata/timestamp.json",
                                  "metadata/1.snapshot.json", "metadata/1.targets.json"));
  EXPECT_THAT(Trusted(), ElementsAre("root 1", "snapshot 1", "targets 1", "timestamp 1"));
}

TEST_F(TufClientTest, KeepsTheBytesThatArrived) {
  upstream_.UpdateRoot();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Refresh(), 0) << errors_;
  EXPECT_EQ(Stored("root.json"), upstream_.PublishedRoot(2));
  EXPECT_EQ(Stored("timestamp.json"), upstream_.Bytes(Role::kTimestamp));
  EXPECT_EQ(Stored("snapshot.json"), upstream_.Bytes(Role::kSnapshot));
  EXPECT_EQ(Stored("targets.json"), upstream_.Bytes(Role::kTargets));
}

TEST_F(TufClientTest, DownloadRefreshesFirst) {
  ASSERT_EQ(Init(), 0);
  EXPECT_EQ(Download({"nonexistent artifact"}), 1);
  EXPECT_THAT(Trusted(), ElementsAre("root 1", "snapshot 1", "targets 1", "timestamp 1"));
}

TEST_F(TufClientTest, AsksForNothingWithoutASoundRoot) {
  json root = json::parse(upstream_.PublishedRoot(1));
  root["signed"].erase("version");
  Init(root.dump());
  EXPECT_EQ(Refresh(), 1);
  Init(testing::SignFile(upstream_.root, {TestKey()}));
  EXPECT_EQ(Refresh(), 1);
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(TufClientTest, StopsAtARoleThatIsNotSigned) {
  struct Case {
    Role role;
    std::string trusted;
  };
  for (const Case& c : {Case{Role::kRoot, "root 1"}, Case{Role::kTimestamp, "root 1"},
                        Case{Role::kSnapshot, "root 1,timestamp 1"},
                        Case{Role::kTargets, "root 1,snapshot 1,timestamp 1"}}) {
    upstream_ = RepositorySimulator(absl::Now());
    upstream_.states_hashes = false;
    upstream_.timestamp["version"] = upstream_.snapshot["version"] = 0;
    upstream_.UpdateSnapshot();
    upstream_.signers[c.role].clear();
    if (c.role == Role::kRoot) upstream_.UpdateRoot();
    std::filesystem::remove_all(metadata_);
    ASSERT_EQ(Init(), 0);
    EXPECT_EQ(Refresh(), 1) << RoleName(c.role);
    EXPECT_EQ(absl::StrJoin(Trusted(), ","), c.trusted);
  }
}

TEST_F(TufClientTest, KeepsATimestampWhoseVersionDidNotRise) {
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Refresh(), 0);
  const std::string before = Stored("timestamp.json");
  upstream_.timestamp["meta"]["snapshot.json"]["version"] = 100;
  EXPECT_EQ(Refresh(), 0);
  EXPECT_EQ(asked_.back(), "metadata/timestamp.json");
  EXPECT_EQ(Stored("timestamp.json"), before);
}

TEST_F(TufClientTest, RefusesTargetsOfAnotherHash) {
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Refresh(), 0);
  upstream_.UpdateTargets();
  upstream_.targets["x-other"] = 1;
  EXPECT_EQ(Refresh(), 1);
  EXPECT_THAT(Trusted(), ElementsAre("root 1", "snapshot 2", "targets 1", "timestamp 2"));
}

TEST_F(TufClientTest, KnowsEachKindOfKey) {
  for (KeyKind kind : {KeyKind::kEd25519, KeyKind::kEcdsaP256, KeyKind::kRsaPss}) {
    upstream_ = RepositorySimulator(absl::Now());
    std::filesystem::remove_all(metadata_);
    ASSERT_EQ(Init(), 0);
    std::vector<TestKey> keys = upstream_.signers[Role::kRoot];
    keys.emplace_back(kind);
    upstream_.SetKeys(Role::kRoot, keys, 2);
    upstream_.UpdateRoot();
    ASSERT_EQ(Refresh(), 0) << errors_;
    upstream_.UpdateRoot();
    json bad = json::parse(upstream_.PublishedRoot(3));
    bad["signatures"][1]["sig"] = TestKey(kind).SignHex("something else");
    upstream_.PublishedRoot(3) = bad.dump();
    EXPECT_EQ(Refresh(), 1);
    EXPECT_EQ(Trusted().front(), "root 2");
  }
}

TEST_F(TufClientTest, AnInvalidSignatureBesideEnoughValidOnesIsNoHarm) {
  ASSERT_EQ(Init(), 0);
  const TestKey other;
  std::vector<TestKey> keys = upstream_.signers[Role::kTimestamp];
  keys.push_back(other);
  upstream_.SetKeys(Role::kTimestamp, keys, 1);
  upstream_.UpdateRoot();
  for (const std::string& sig : {TestKey().SignHex("plausible"), std::string()}) {
    upstream_.UpdateTimestamp();
    json file = json::parse(upstream_.Bytes(Role::kTimestamp));
    file["signatures"][1]["sig"] = sig;
    upstream_.replaced["timestamp.json"] = file.dump();
    EXPECT_EQ(Refresh(), 0) << errors_;
  }
}

TEST_F(TufClientTest, RefusesTwoSignaturesOfOneKeyId) {
  ASSERT_EQ(Init(), 0);
  upstream_.states_hashes = false;
  upstream_.UpdateTimestamp();
  json file = json::parse(upstream_.Bytes(Role::kSnapshot));
  file["signatures"].push_back(file["signatures"][0]);
  upstream_.replaced["1.snapshot.json"] = file.dump();
  EXPECT_EQ(Refresh(), 1);
  EXPECT_THAT(Trusted(), ElementsAre("root 1", "timestamp 2"));
}

TEST_F(TufClientTest, ResistsRollbacks) {
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Refresh(), 0);
  const std::vector<std::string> before = Trusted();
  const RepositorySimulator good = upstream_;
  upstream_.timestamp["version"] = 1;
  EXPECT_EQ(Refresh(), 1);
  upstream_ = good;
  upstream_.snapshot["version"] = 1;
  upstream_.UpdateTimestamp();
  EXPECT_EQ(Refresh(), 1);
  EXPECT_EQ(Trusted(), before);
  upstream_ = good;
  upstream_.targets["version"] = 1;
  upstream_.UpdateSnapshot();
  EXPECT_EQ(Refresh(), 1);
  EXPECT_THAT(Trusted(), ElementsAre("root 1", "snapshot 2", "targets 2", "timestamp 3"));
}

TEST_F(TufClientTest, RecoversFromAFastForwardAttack) {
  upstream_.targets["version"] = 99'999;
  upstream_.snapshot["version"] = 99'998;
  upstream_.UpdateSnapshot();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Refresh(), 0);
  upstream_.RotateKey(Role::kSnapshot);
  upstream_.RotateKey(Role::kTimestamp);
  upstream_.UpdateRoot();
  upstream_.targets["version"] = 1;
  upstream_.snapshot["version"] = 0;
  upstream_.timestamp["version"] = 0;
  upstream_.UpdateSnapshot();
  ASSERT_EQ(Refresh(), 0) << errors_;
  EXPECT_THAT(Trusted(), ElementsAre("root 2", "snapshot 1", "targets 1", "timestamp 1"));
}

TEST_F(TufClientTest, KeepsAnExpiredRootAndNothingAfterIt) {
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Refresh(), 0);
  upstream_.SetExpires(Role::kRoot, absl::Now() - absl::Hours(24));
  upstream_.UpdateRoot();
  upstream_.UpdateTargets();
  EXPECT_EQ(Refresh(), 1);
  EXPECT_THAT(Trusted(), ElementsAre("root 2", "snapshot 1", "targets 1", "timestamp 1"));
}

TEST_F(TufClientTest, RefusesExpiredMetadata) {
  ASSERT_EQ(Init(), 0);
  for (Role role : {Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    RepositorySimulator upstream = upstream_;
    upstream_.SetExpires(role, absl::Now() - absl::Hours(24));
    upstream_.UpdateTargets();
    EXPECT_EQ(Refresh(), 1) << RoleName(role);
    EXPECT_THAT(errors_, ::testing::HasSubstr("metadata_expired"));
    upstream_ = upstream;
    std::filesystem::remove_all(metadata_);
    ASSERT_EQ(Init(), 0);
  }
}

TEST_F(TufClientTest, UnknownFieldsAreNoHarm) {
  upstream_.root["custom-field"] = "value";
  upstream_.root["keys"].front()["extra-field"] = {{"a", 1}, {"b", 2}};
  upstream_.root["roles"]["root"]["another-field"] = "value";
  ASSERT_EQ(Init(), 0);
  upstream_.UpdateRoot();
  ASSERT_EQ(Refresh(), 0) << errors_;
  EXPECT_EQ(Trusted().front(), "root 2");
}

TEST_F(TufClientTest, SearchesDelegationsInOrder) {
  upstream_.Delegate("targets", {"A"});
  upstream_.Delegate("targets", {"B"});
  upstream_.Delegate("A", {"C", {"*"}, true});
  upstream_.Delegate("A", {"D"});
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  EXPECT_EQ(Download({"missingpath"}), 1);
  asked_.erase(asked_.begin(), asked_.begin() + 4);
  EXPECT_THAT(asked_, ElementsAre("metadata/1.A.json", "metadata/1.C.json"));
  EXPECT_THAT(Trusted(),
              ElementsAre("A 1", "C 1", "root 1", "snapshot 2", "targets 2", "timestamp 2"));
}

TEST_F(TufClientTest, DownloadsDelegatedTargets) {
  upstream_.Delegate("targets", {"A", {"releases/*/*"}});
  upstream_.Delegate("A", {"B", {"releases/x/*"}});
  upstream_.AddTargetTo("B", "releases/x/v1", "x by B");
  upstream_.AddTargetTo("B", "releases/z/v1", "z by B, who may not");
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  EXPECT_EQ(Download({"releases/x/v1"}), 0) << errors_;
  EXPECT_EQ(Download({"releases/z/v1"}), 1);
  EXPECT_THAT(Downloaded(), ElementsAre("x by B"));
}

TEST_F(TufClientTest, EncodesUnusualRoleNames) {
  const std::map<std::string, std::string> names = {
      {"?", "%3F"},        {"#", "%23"},         {"/delegatedrole", "%2Fdelegatedrole"},
      {"a b", "a%20b"},    {"100%", "100%25"},   {"../delegatedrole", "..%2Fdelegatedrole"},
      {"..", ".."},        {"\u00e9", "%C3%A9"}, {"a+b&c=d", "a%2Bb%26c%3Dd"},
      {"1.root", "1.root"}};
  for (const auto& [name, encoded] : names) {
    upstream_ = RepositorySimulator(absl::Now());
    upstream_.Delegate("targets", {name});
    upstream_.UpdateTargets();
    std::filesystem::remove_all(metadata_);
    ASSERT_EQ(Init(), 0);
    EXPECT_EQ(Download({"nonexistent target"}), 1);
    EXPECT_EQ(asked_.back(), absl::StrCat("metadata/1.", encoded, ".json"));
    EXPECT_EQ(Trusted().size(), 5u) << name;
    // What is kept is found again.
    EXPECT_EQ(Download({"nonexistent target"}), 1);
    EXPECT_EQ(asked_.back(), "metadata/timestamp.json");
  }
}

TEST_F(TufClientTest, EncodesUnusualTargetNames) {
  const std::map<std::string, std::string> paths = {{"a b", "a%20b"},
                                                    {"what?", "what%3F"},
                                                    {"no#1", "no%231"},
                                                    {"100%", "100%25"},
                                                    {"%2e%2e", "%252e%252e"},
                                                    {"\u00e9t\u00e9", "%C3%A9t%C3%A9"},
                                                    {"a&b=c+d;e", "a%26b%3Dc%2Bd%3Be"}};
  ASSERT_EQ(Init(), 0);
  for (const auto& [path, encoded] : paths) upstream_.AddTarget(path, "content of " + path);
  upstream_.AddTarget("../up/file", "content of ../up/file");
  upstream_.UpdateTargets();
  for (const auto& [path, encoded] : paths) {
    ASSERT_EQ(Download({path}), 0) << errors_;
    EXPECT_EQ(asked_.back(),
              absl::StrCat("targets/", HashHex("sha256", "content of " + path), ".", encoded));
    EXPECT_EQ(Read(absl::StrCat(targets_, "/", encoded)), "content of " + path);
  }
  ASSERT_EQ(Download({"../up/file"}), 0) << errors_;
  EXPECT_TRUE(absl::StartsWith(asked_.back(), "targets/%2E%2E/up/")) << asked_.back();
  EXPECT_EQ(Downloaded().size(), paths.size() + 1);
}

TEST_F(TufClientTest, KeepsTheFoldersOfATarget) {
  upstream_.AddTarget("path/to/a/file.txt", "content");
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Download({"path/to/a/file.txt"}), 0) << errors_;
  EXPECT_EQ(asked_.back(),
            absl::StrCat("targets/path/to/a/", HashHex("sha256", "content"), ".file.txt"));
  EXPECT_THAT(Downloaded(), ElementsAre("content"));
}

TEST_F(TufClientTest, DoesNotFetchAgainWhatIsThere) {
  upstream_.AddTarget("one", "first");
  upstream_.AddTarget("two", "second");
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Download({"one", "two"}), 0) << errors_;
  EXPECT_THAT(Downloaded(), ElementsAre("first", "second"));
  ASSERT_EQ(Download({"one", "two"}), 0);
  EXPECT_THAT(asked_, ElementsAre("metadata/2.root.json", "metadata/timestamp.json"));
  upstream_.AddTarget("one", "changed");
  upstream_.UpdateTargets();
  ASSERT_EQ(Download({"one", "two"}), 0);
  EXPECT_THAT(Downloaded(), ElementsAre("changed", "second"));
}

TEST_F(TufClientTest, RefusesSubstitutedTargets) {
  upstream_.AddTarget("one", "first");
  upstream_.AddTarget("two", "second");
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Download({"one"}), 0);
  for (auto& [name, content] : upstream_.target_files) content = "malicious data";
  EXPECT_EQ(Download({"one"}), 0);  // it is there already
  EXPECT_EQ(Download({"two"}), 1);
  EXPECT_THAT(Downloaded(), ElementsAre("first"));
}

TEST_F(TufClientTest, ChecksTheHashesThatAreStated) {
  const std::string sha256 = HashHex("sha256", "content");
  const std::string sha512 = HashHex("sha512", "content");
  ASSERT_EQ(Init(), 0);
  for (const json& hashes : {json{{"sha256", sha256}}, json{{"sha512", sha512}},
                             json{{"sha256", sha256}, {"sha512", sha512}}}) {
    upstream_.AddTarget("file", "content");
    upstream_.targets["targets"]["file"]["hashes"] = hashes;
    upstream_.target_files[sha512 + ".file"] = "content";
    upstream_.UpdateTargets();
    std::filesystem::remove(targets_ + "/file");
    EXPECT_EQ(Download({"file"}), 0) << errors_ << hashes;
  }
  upstream_.targets["targets"]["file"]["hashes"]["sha512"] = HashHex("sha512", "other");
  upstream_.UpdateTargets();
  std::filesystem::remove(targets_ + "/file");
  EXPECT_EQ(Download({"file"}), 1);
}

TEST_F(TufClientTest, ReadsRepositoriesWithoutConsistentSnapshots) {
  upstream_.root["consistent_snapshot"] = false;
  upstream_.UpdateRoot();
  upstream_.Delegate("targets", {"A", {"a/*"}});
  upstream_.AddTargetTo("A", "a/file", "content");
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  ASSERT_EQ(Download({"a/file"}), 0) << errors_;
  EXPECT_THAT(asked_, ElementsAre("metadata/2.root.json", "metadata/3.root.json",
                                  "metadata/timestamp.json", "metadata/snapshot.json",
                                  "metadata/targets.json", "metadata/A.json", "targets/a/file"));
  EXPECT_THAT(Downloaded(), ElementsAre("content"));
}

TEST_F(TufClientTest, TakesOptionsBeforeAndAfterTheCommand) {
  upstream_.AddTarget("file", "content");
  upstream_.UpdateTargets();
  ASSERT_EQ(Init(), 0);
  const std::string metadata_url = absl::StrCat(base(), "metadata");
  EXPECT_EQ(Run({"refresh", "--metadata-dir", metadata_, "--metadata-url", metadata_url}), 0);
  EXPECT_EQ(Run({"--metadata-dir", metadata_, "download", "--metadata-url", metadata_url,
                 "--target-dir", targets_, "--target-base-url", absl::StrCat(base(), "targets"),
                 "--target-name", "file"}),
            0)
      << errors_;
  EXPECT_THAT(Downloaded(), ElementsAre("content"));
}

TEST_F(TufClientTest, WrongCommandLinesAreFailures) {
  EXPECT_EQ(Run({}), 1);
  EXPECT_EQ(Run({"--metadata-dir", metadata_}), 1);
  EXPECT_EQ(Run({"--metadata-dir", metadata_, "refresh"}), 1);
  EXPECT_EQ(Run({"--metadata-dir", metadata_, "init"}), 1);
  EXPECT_EQ(Run({"--metadata-dir", metadata_, "init", "/nonexistent"}), 1);
  EXPECT_EQ(Run({"--metadata-dir", metadata_, "--metadata-url", base(), "download"}), 1);
}

}  // namespace
}  // namespace cloister::trust
