// cloisterd as a process: starting, refusing to start, ending, coming back.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class ServerProcessTest : public ServerFixture {
 protected:
  static grpc::Status Ask(const std::shared_ptr<grpc::Channel>& channel) {
    v1::LookupRequest request;
    request.mutable_object()->set_kind(v1::OBJECT_KIND_HOST);
    request.mutable_object()->set_text("a.example");
    v1::LookupResponse answer;
    return v1::ReputationService::NewStub(channel)->Lookup(CallContext().get(), request, &answer);
  }
  void ExpectCannotStart(int exit_code, const std::vector<std::string>& says) {
    const ProcessResult result = RunToEnd();
    EXPECT_EQ(result.exit_code, exit_code) << result.errors;
    for (const std::string& part : says) EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1)
        << "one line is enough:\n"
        << result.errors;
  }
};

TEST_F(ServerProcessTest, HealthFollowsTheFeeds) {
  ASSERT_NO_FATAL_FAILURE(Start());
  const auto channel = ChannelFor(certificates_.gateway);
  EXPECT_EQ(*CheckHealth(channel, ""), 1);
  EXPECT_EQ(*CheckHealth(channel, "cloister.v1.ReputationService"), 2);
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  EXPECT_EQ(*CheckHealth(channel, "cloister.v1.ReputationService"), 1);
  EXPECT_THAT(CheckHealth(channel, "nothing"), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(ServerProcessTest, SigtermDrainsAndEndsCleanly) {
  ASSERT_NO_FATAL_FAILURE(Start());
  const auto channel = ChannelFor(certificates_.gateway);
  ASSERT_TRUE(Ask(channel).ok());
  ASSERT_NO_FATAL_FAILURE(Stop());
  EXPECT_THAT(server_->errors(), AllOf(HasSubstr("draining"), HasSubstr("ended")));
  EXPECT_EQ(Ask(channel).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerProcessTest, SigintEndsCleanlyToo) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_THAT(server_->Signal(SIGINT), IsOk());
  EXPECT_EQ(*server_->Wait(kPatience), 0);
}

TEST_F(ServerProcessTest, CallsDuringTheDrainAreAnsweredOrRefusedButNeverWrong) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  const auto stub = Gateway();
  v1::LookupRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_FILE);
  request.mutable_object()->set_text(std::string(64, 'a'));
  std::thread asker([&] {
    for (bool ok = true; ok;) {
      v1::LookupResponse answer;
      const grpc::Status status = stub->Lookup(CallContext().get(), request, &answer);
      ok = status.ok();
      if (ok) {
        EXPECT_EQ(answer.status(), v1::ANSWER_STATUS_LISTED);
      } else {
        EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
      }
    }
  });
  EXPECT_THAT(server_->Signal(SIGTERM), IsOk());
  EXPECT_EQ(*server_->Wait(kPatience), 0);
  asker.join();
}

TEST_F(ServerProcessTest, RestartKeepsDataAndOverrides) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  v1::SetOverrideRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_HOST);
  request.mutable_object()->set_text("ours.example");
  request.set_verdict(v1::VERDICT_TRUSTED);
  request.set_reason("ours");
  v1::SetOverrideResponse set;
  ASSERT_TRUE(Operator()->SetOverride(CallContext().get(), request, &set).ok());
  ASSERT_NO_FATAL_FAILURE(Stop());
  fs::remove_all(directory_ / "spool");

  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'a')).status(),
            v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_HOST, "ours.example").matches(0).verdict(),
            v1::VERDICT_TRUSTED);
  EXPECT_EQ(*CheckHealth(ChannelFor(certificates_.gateway), "cloister.v1.ReputationService"), 1);
  v1::ListFeedsResponse feeds;
  ASSERT_TRUE(Operator()->ListFeeds(CallContext().get(), {}, &feeds).ok());
  EXPECT_EQ(feeds.feeds(0).health(), v1::FEED_HEALTH_SERVING);
}

TEST_F(ServerProcessTest, KilledServerComesBackWithItsData) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  ASSERT_THAT(server_->Signal(SIGKILL), IsOk());
  EXPECT_EQ(*server_->Wait(kPatience), 128 + SIGKILL);
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'a')).status(),
            v1::ANSWER_STATUS_LISTED);
}

TEST_F(ServerProcessTest, OnlyTrustedClientsGetThrough) {
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_TRUE(Ask(ChannelFor(certificates_.gateway)).ok());
  EXPECT_EQ(Ask(ChannelFor(certificates_.expired_client)).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(ChannelFor({})).error_code(), grpc::StatusCode::UNAVAILABLE);  // no certificate
  const CertificateAuthority other(directory_.path(), "other-ca");
  CertificateRequest request;
  request.common_name = "gateway";
  request.subject_alternative_names = {"DNS:gateway.test.invalid"};
  EXPECT_EQ(Ask(ChannelFor(other.Issue("forged", request))).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(
      Ask(grpc::CreateChannel(GrpcAddress(), grpc::InsecureChannelCredentials())).error_code(),
      grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Ask(ChannelFor(certificates_.gateway)).ok());
}

TEST_F(ServerProcessTest, RenewedCertificateIsTakenWithoutRestart) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_TRUE(Ask(ChannelFor(certificates_.gateway)).ok());
  // Another authority takes over: the old client is refused as soon as the files are read again.
  const CertificateAuthority next(directory_.path(), "next-ca");
  CertificateRequest request;
  request.common_name = "gateway";
  request.subject_alternative_names = {"DNS:gateway.test.invalid"};
  const CertificateFiles client = next.Issue("next-gateway", request);
  fs::rename(next.certificate(), certificates_.authority.certificate() + ".new");
  const std::string server_authority = ReadTestFile(certificates_.authority.certificate());
  fs::rename(certificates_.authority.certificate() + ".new", certificates_.authority.certificate());
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = server_authority;
  options.pem_cert_chain = ReadTestFile(client.certificate);
  options.pem_private_key = ReadTestFile(client.key);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const absl::Time deadline = absl::Now() + kPatience;
  bool taken = false;
  while (!taken && absl::Now() < deadline) {
    taken = Ask(grpc::CreateCustomChannel(GrpcAddress(), grpc::SslCredentials(options), arguments))
                .ok();
  }
  EXPECT_TRUE(taken);
}

TEST_F(ServerProcessTest, UnixSocketWithoutTlsTrustsItsUsers) {
  listen_ = absl::StrCat("address = \"unix:", directory_ / "c.sock", "\"\ntls = \"off\"\n");
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(GrpcAddress(), absl::StrCat("unix:", directory_ / "c.sock"));
  struct stat info;
  ASSERT_EQ(stat((directory_ / "c.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0660u);
  const auto channel = grpc::CreateChannel(GrpcAddress(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(Ask(channel).ok());
  v1::GetStatusResponse status;
  ASSERT_TRUE(v1::AdminService::NewStub(channel)->GetStatus(CallContext().get(), {}, &status).ok());
  EXPECT_EQ(status.caller_role(), "operator");
  ExpectCannotStart(1, {"c.sock", "another process listens there"});
}

TEST_F(ServerProcessTest, PortInUseIsToldWithTheMend) {
  ASSERT_NO_FATAL_FAILURE(Start());
  listen_ = absl::StrCat("address = \"", GrpcAddress(), "\"\n");
  ExpectCannotStart(1, {GrpcAddress(), "[listen] address", "another process listens there"});
}

TEST_F(ServerProcessTest, DatabaseInUseIsTold) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ExpectCannotStart(1, {directory_ / "data"});
}

TEST_F(ServerProcessTest, CorruptDatabaseIsToldByName) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(Stop());
  ASSERT_THAT(storage::WriteFileAtomically(directory_ / "data/db/CURRENT", "rubbish\n"), IsOk());
  ExpectCannotStart(1, {directory_ / "data"});
}

TEST_F(ServerProcessTest, UnreadableCertificateIsToldByName) {
  fs::remove(certificates_.server.key);
  ExpectCannotStart(1, {"server.key", "[tls] key"});
}

TEST_F(ServerProcessTest, MissingRootIsToldByFeed) {
  fs::remove(feed_.RootPath());
  ExpectCannotStart(1, {"feed threats", feed_.RootPath()});
}

TEST_F(ServerProcessTest, MetricsPortInUseIsTold) {
  metrics_ = "127.0.0.1:0";
  ASSERT_NO_FATAL_FAILURE(Start());
  const std::string taken = MetricsAddress();
  TemporaryDirectory other;
  metrics_ = taken;
  more_ = "";
  const std::string path = WriteConfiguration();
  std::string text = ReadTestFile(path);
  text.replace(text.find("\"data\""), 6, absl::StrCat("\"", other.path(), "\""));
  ASSERT_THAT(storage::WriteFileAtomically(path, text), IsOk());
  ASSERT_OK_AND_ASSIGN(ProcessResult result,
                       RunProcess({.argv = {ProgramPath("cloisterd"), "--config", path}}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr(taken), HasSubstr("[metrics] address")));
}

TEST_F(ServerProcessTest, PlaintextOffLoopbackIsAConfigurationError) {
  listen_ = "address = \"0.0.0.0:0\"\ntls = \"off\"\n";
  const ProcessResult result = RunToEnd();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("cloisterd.toml:5"), HasSubstr("loopback")));
}

TEST_F(ServerProcessTest, CheckConfigSaysWhatIsWrongAndTouchesNothing) {
  ProcessResult result = RunToEnd({"--check-config"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("is sound"));
  EXPECT_FALSE(fs::exists(directory_ / "data"));
  fs::create_directories(directory_ / "spool");
  fs::permissions(directory_ / "spool", fs::perms::owner_all);
  EXPECT_THAT(RunToEnd({"--check-config"}).output,
              AllOf(HasSubstr("note: spool_directory"), HasSubstr("is sound")));
  more_ = "[limits]\nmax_batch_kees = 4\n";
  result = RunToEnd({"--check-config"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("max_batch_kees"));
  more_ = "";
  ASSERT_THAT(storage::WriteFileAtomically(feed_.RootPath(), "{}"), IsOk());
  result = RunToEnd({"--check-config"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("feed threats"));
}

TEST_F(ServerProcessTest, CheckConfigLooksAtFoldersAndLists) {
  const std::string data = directory_ / "data";
  const std::string spool = directory_ / "spool";
  const std::string inbox = directory_ / "inbox";
  struct Case {
    std::string updates;
    std::string more;
    std::string open;     // a folder that anybody may write to
    const char* setting;  // that is named
    const char* mend;
  };
  const Case table[] = {
      {"", "", data, "data_directory", "chmod 0700"},
      {"", "", spool, "spool_directory", "chmod 0750"},
      {"inbox_directory = \"inbox\"\n", "", inbox, "inbox_directory", "install -d"},
      {"inbox_directory = \"data/inbox\"\n", "", "", "inbox_directory", "lies in data_directory"},
      {"inbox_directory = \"spool\"\n", "", "", "inbox_directory", "lies in spool_directory"},
      {"", "[protection]\nwarning_lists = [\"nowhere\"]\n", "", "warning_lists",
       "take it off the list"},
  };
  for (const Case& one : table) {
    for (const std::string& folder : {data, spool, inbox}) {
      fs::create_directories(folder);
      fs::permissions(folder, folder == one.open ? fs::perms::all : fs::perms::owner_all);
    }
    updates_ = one.updates;
    more_ = one.more;
    const ProcessResult result = RunToEnd({"--check-config"});
    EXPECT_EQ(result.exit_code, 2) << one.setting;
    EXPECT_THAT(result.errors, AllOf(HasSubstr(one.setting), HasSubstr(one.mend)));
  }
}

TEST_F(ServerProcessTest, HelpTeachesAndVersionTells) {
  EXPECT_THAT(RunToEnd({"--help"}).output, AllOf(HasSubstr("[[identity]]"), HasSubstr("SIGTERM")));
  EXPECT_THAT(RunToEnd({"--version"}).output, HasSubstr(CLOISTER_VERSION));
  EXPECT_EQ(RunToEnd({"--nonsense"}).exit_code, 2);
}

TEST_F(ServerProcessTest, JsonLogIsOneObjectALine) {
  more_ = "[log]\nformat = \"json\"\n";
  ASSERT_NO_FATAL_FAILURE(Start());
  // Protocol Buffers has words of its own for text that is not UTF-8.
  v1::LookupResponse none;
  EXPECT_FALSE(Lookup(v1::OBJECT_KIND_HOST, "\xff\xfe.example", &none).ok());
  ASSERT_NO_FATAL_FAILURE(Stop());
  std::istringstream lines(server_->errors());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    EXPECT_TRUE(event.contains("time") && event.contains("level") && event.contains("message"));
  }
  EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace cloister::testing
