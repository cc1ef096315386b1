// keys, sign-root and renew-root as people use them, over real folders.

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/cli/commands.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

class RootCommandsTest : public ::testing::Test {
 protected:
  RootCommandsTest() {
    EXPECT_THAT(storage::WriteFileAtomically(In("passphrase"), "five words chosen by dice"),
                IsOk());
    EXPECT_THAT(storage::WriteFileAtomically(In("feed.csv"),
                                             "kind,value,verdict\nhost,a.example,malicious\n"),
                IsOk());
  }

  std::string In(const std::string& name) { return directory_ / name; }

  // Runs a command line; what it says is in out_ and err_.
  absl::Status Run(const std::string& line) {
    std::vector<std::string> words = {"cloister-publish"};
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(word);
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    const ParseOutcome outcome =
        ParseArguments(static_cast<int>(arguments.size()), arguments.data());
    if (!outcome.arguments.has_value()) return absl::InvalidArgumentError("usage");
    out_.str("");
    err_.str("");
    return outcome.arguments->run(*outcome.arguments, console_);
  }

  // The same within the folder of the test, with the passphrase.
  absl::Status RunWithSecret(const std::string& line) {
    return Run(absl::StrCat(line, " --passphrase-file ", In("passphrase")));
  }

  void MakeFeed() {
    ASSERT_THAT(RunWithSecret("keys create --unencrypted snapshot,timestamp --out " + In("keys")),
                IsOk());
    ASSERT_THAT(RunWithSecret("init --feed threats --keys " + In("keys") + repository_), IsOk());
    ASSERT_THAT(RunWithSecret("publish --keys " + In("keys") + repository_ +
                              " --source csv:" + In("feed.csv")),
                IsOk());
  }

  uint64_t RootVersion() {
    EXPECT_THAT(Run("status --output json" + repository_), IsOk());
    return nlohmann::json::parse(out_.str())["root"]["version"];
  }

  testing::TemporaryDirectory directory_;
  const std::string repository_ = " --repository " + (directory_ / "repository");
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_{out_, err_, false, kStart};
};

TEST_F(RootCommandsTest, NothingChangesWithoutStageOrCommit) {
  MakeFeed();
  ASSERT_THAT(Run("keys create --role timestamp --unencrypted timestamp --out " + In("new")),
              IsOk());
  const std::string rotate = "keys rotate --role timestamp --public-key " +
                             In("new/timestamp.pub.pem") + " --keys " + In("keys") + " --keys " +
                             In("new") + repository_;
  ASSERT_THAT(RunWithSecret(rotate), IsOk());
  for (const char* text : {"remove  timestamp key", "add     timestamp key", "fingerprint",
                           "Nothing was changed", "root 1 asks for 1 signature"}) {
    EXPECT_THAT(out_.str(), HasSubstr(text));
  }
  EXPECT_EQ(RootVersion(), 1u);
  EXPECT_FALSE(std::filesystem::exists(In("repository/root-change.json")));

  ASSERT_THAT(RunWithSecret(rotate + " --commit"), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("Signed again together with the root: timestamp"));
  EXPECT_THAT(out_.str(), HasSubstr("Root version 2 is in force."));
  EXPECT_EQ(RootVersion(), 2u);
  EXPECT_THAT(Run("refresh-timestamp --keys " + In("new") + repository_), IsOk());
  EXPECT_THAT(Run("refresh-timestamp --keys " + In("keys") + repository_),
              HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(RootCommandsTest, StagedChangesAddUpAndCanBeDiscarded) {
  MakeFeed();
  ASSERT_THAT(RunWithSecret("keys create --role root --name bob --out " + In("bob")), IsOk());
  ASSERT_THAT(
      Run("keys add --role root --stage --public-key " + In("bob/root-bob.pub.pem") + repository_),
      IsOk());
  ASSERT_THAT(Run("keys threshold --role root --threshold 2 --stage" + repository_), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("add     root key"));
  EXPECT_THAT(out_.str(), HasSubstr("ask for 2 of 2 root signatures, where it was 1 of 1"));
  EXPECT_THAT(err_.str(), HasSubstr("has to be signed again"));
  ASSERT_THAT(Run("status" + repository_), IsOk());
  EXPECT_THAT(err_.str(), HasSubstr("a change of the root waits"));
  EXPECT_THAT(Run("keys apply --commit" + repository_),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Run("keys threshold --role root --threshold 3 --stage" + repository_),
              HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Run("keys discard" + repository_), IsOk());
  EXPECT_THAT(Run("keys discard" + repository_), HasCode(absl::StatusCode::kNotFound));
  EXPECT_EQ(RootVersion(), 1u);
}

// keys revoke: one of three holders left.
TEST_F(RootCommandsTest, ARevokedKeyCountsNoMore) {
  MakeFeed();
  for (const std::string name : {"bob", "eve"}) {
    ASSERT_THAT(RunWithSecret("keys create --role root --name " + name + " --out " + In(name)),
                IsOk());
    ASSERT_THAT(Run("keys add --role root --stage --public-key " +
                    In(name + "/root-" + name + ".pub.pem") + repository_),
                IsOk());
  }
  ASSERT_THAT(RunWithSecret("keys apply --commit --keys " + In("keys") + repository_),
              HasCode(absl::StatusCode::kFailedPrecondition));
  const std::string staged = In("repository/root-change.json");
  ASSERT_THAT(RunWithSecret("sign-root " + staged + " --key " + In("keys/root.pem")), IsOk());
  ASSERT_THAT(Run("keys apply --commit" + repository_), IsOk());
  ASSERT_THAT(Run("keys show --output json --public-key " + In("eve/root-eve.pub.pem")), IsOk());
  const std::string eve = nlohmann::json::parse(out_.str())["key_id"];

  const std::string revoke = "keys revoke --role root" + repository_ + " --key-id ";
  EXPECT_THAT(Run(revoke + eve.substr(0, 7) + " --stage"),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Run(revoke + "00000000 --stage"), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(Run("keys revoke --role root --stage" + repository_),
              HasCode(absl::StatusCode::kInvalidArgument));  // of whose key is not left open
  EXPECT_THAT(Run(revoke + eve.substr(0, 8) + " --threshold 3 --stage"),
              HasCode(absl::StatusCode::kFailedPrecondition));  // two are left
  ASSERT_THAT(Run(revoke + eve.substr(0, 8) + " --threshold 2 --stage"), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("remove  root key " + eve.substr(0, 16)));
  EXPECT_THAT(out_.str(), HasSubstr("ask for 2 of 2 root signatures, where it was 1 of 3"));
  for (const std::string key : {"keys/root.pem", "bob/root-bob.pem"}) {
    EXPECT_THAT(Run("keys apply --commit" + repository_),
                HasCode(absl::StatusCode::kFailedPrecondition));
    ASSERT_THAT(RunWithSecret("sign-root " + staged + " --key " + In(key)), IsOk());
  }
  ASSERT_THAT(Run("keys apply --commit" + repository_), IsOk());
  EXPECT_EQ(RootVersion(), 3u);

  ASSERT_THAT(Run("renew-root --stage" + repository_), IsOk());
  EXPECT_THAT(RunWithSecret("sign-root " + staged + " --key " + In("eve/root-eve.pem")),
              HasCode(absl::StatusCode::kPermissionDenied));
}

// Whoever can write into the repository, but has no root key, must not get a key in that way.
TEST_F(RootCommandsTest, AChangeThatWaitsIsNotCommittedAlongWithAnother) {
  MakeFeed();
  ASSERT_THAT(RunWithSecret("keys create --role root --name eve --out " + In("eve")), IsOk());
  ASSERT_THAT(
      Run("keys add --role root --stage --public-key " + In("eve/root-eve.pub.pem") + repository_),
      IsOk());
  const std::string renew = "renew-root --commit --keys " + In("keys") + repository_;
  EXPECT_THAT(RunWithSecret(renew), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(RootVersion(), 1u);
  ASSERT_THAT(Run("keys discard" + repository_), IsOk());
  EXPECT_THAT(RunWithSecret(renew), IsOk());
  EXPECT_EQ(RootVersion(), 2u);
}

TEST_F(RootCommandsTest, HoldersSignAwayFromTheRepository) {
  MakeFeed();
  ASSERT_THAT(Run("renew-root --stage --root-expires 100d" + repository_), IsOk());
  std::filesystem::rename(In("repository/root-change.json"), In("carried.json"));
  const std::string sign = "sign-root " + In("carried.json");
  ASSERT_THAT(Run(sign + " --output json"), IsOk());
  const nlohmann::json plan = nlohmann::json::parse(out_.str());
  EXPECT_EQ(plan["fully_signed"], false);
  EXPECT_EQ(plan["version"], 2);
  std::string fingerprint = plan["fingerprint"];
  fingerprint.erase(std::remove(fingerprint.begin(), fingerprint.end(), ' '), fingerprint.end());

  // Refusals, each for its reason.
  const std::string root_key = " --key " + In("keys/root.pem");
  EXPECT_THAT(RunWithSecret(sign + root_key + " --expect 0000"),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(RunWithSecret(sign + " --key " + In("keys/targets.pem")),
              HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(RunWithSecret("sign-root " + In("absent.json") + root_key),
              HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(RunWithSecret("sign-root " + In("feed.csv") + root_key),
              HasCode(absl::StatusCode::kInvalidArgument));

  ASSERT_THAT(RunWithSecret(sign + root_key + " --expect " + fingerprint + " --current-root " +
                            In("repository/metadata/1.root.json")),
              IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("All signatures are there"));
  EXPECT_THAT(RunWithSecret(sign + root_key), HasCode(absl::StatusCode::kAlreadyExists));

  const std::string apply = "keys apply --staged " + In("carried.json") + repository_;
  ASSERT_THAT(Run(apply), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("add --commit to publish it"));
  EXPECT_EQ(RootVersion(), 1u);
  ASSERT_THAT(Run(apply + " --commit"), IsOk());
  EXPECT_EQ(RootVersion(), 2u);
  ASSERT_THAT(Run(apply + " --commit"), IsOk());  // what is in force stays in force
  // Another root has followed, after which the same file would break the chain.
  ASSERT_THAT(RunWithSecret("renew-root --commit --keys " + In("keys") + repository_), IsOk());
  EXPECT_EQ(RootVersion(), 3u);
  EXPECT_THAT(Run(apply + " --commit"), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(RootCommandsTest, AnotherCopyOfTheRootInForceIsNoticed) {
  MakeFeed();
  ASSERT_THAT(RunWithSecret("renew-root --commit --keys " + In("keys") + repository_), IsOk());
  ASSERT_THAT(Run("renew-root --stage" + repository_), IsOk());
  EXPECT_THAT(RunWithSecret("sign-root " + In("repository/root-change.json") + " --key " +
                            In("keys/root.pem") + " --current-root " +
                            In("repository/metadata/1.root.json")),
              HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(RootCommandsTest, AFirstRootWaitsForHoldersWhoAreElsewhere) {
  for (const char* name : {"alice", "bob"}) {
    ASSERT_THAT(
        RunWithSecret(absl::StrCat("keys create --role root --name ", name, " --out ", In(name))),
        IsOk());
  }
  ASSERT_THAT(RunWithSecret("keys create --role targets,snapshot,timestamp --out " + In("keys")),
              IsOk());
  for (const char* name : {"alice", "bob"}) {
    const std::string half = absl::StrCat("root-", name, ".pub.pem");
    std::filesystem::copy(In(absl::StrCat(name, "/", half)), In("keys/" + half));
  }
  ASSERT_THAT(RunWithSecret("init --feed threats --threshold 2 --keys " + In("keys") + repository_),
              IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("Its first root waits for signatures"));
  // Nothing can be published before.
  EXPECT_THAT(RunWithSecret("publish --keys " + In("keys") + repository_ +
                            " --source csv:" + In("feed.csv")),
              HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(Run("keys apply --commit" + repository_),
              HasCode(absl::StatusCode::kFailedPrecondition));
  for (const char* name : {"alice", "bob"}) {
    ASSERT_THAT(RunWithSecret(absl::StrCat("sign-root ", In("repository/root-change.json"),
                                           " --key ", In(name), "/root-", name, ".pem")),
                IsOk());
  }
  ASSERT_THAT(Run("keys apply --commit" + repository_), IsOk());
  ASSERT_THAT(RunWithSecret("publish --keys " + In("keys") + repository_ +
                            " --source csv:" + In("feed.csv")),
              IsOk());
  EXPECT_THAT(Run("verify" + repository_), IsOk());
}

TEST_F(RootCommandsTest, SecretsStandOnNoCommandLine) {
  for (const char* line :
       {"keys create --out x --passphrase secret", "keys show --key a --pin 1",
        "keys create --out x --unencrypted root", "keys create --out x --algorithm rsa",
        "keys rotate --role root", "keys show --key a --public-key b", "keys show"}) {
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    EXPECT_THAT(Run(line), HasCode(absl::StatusCode::kInvalidArgument)) << line;
    ::testing::internal::GetCapturedStderr();
    ::testing::internal::GetCapturedStdout();
  }
}

}  // namespace
}  // namespace cloister::publisher
