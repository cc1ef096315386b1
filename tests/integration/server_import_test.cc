// Bundles that operators upload to a real server.

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/digest.h"
#include "storage/files/files.h"
#include "sync/trust_state/inbox.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerImportTest : public ServerFixture {
 protected:
  void SetUp() override {
    // [updates] is in the fixture's configuration already.
    updates_ = "inbox_directory = \"inbox\"\nmax_bundle_bytes = 3000000\n";
  }
  std::string Inbox() const { return directory_ / "inbox"; }
  // Uploads `content` in pieces after having announced `bytes`.
  grpc::Status Upload(uint64_t bytes, const std::string& content,
                      v1::ImportBundleResponse* response, const std::string& reason = "ticket 8") {
    auto stub = Operator();
    auto context = CallContext();
    auto stream = stub->ImportBundle(context.get(), response);
    v1::ImportBundleRequest piece;
    piece.mutable_start()->set_bytes(bytes);
    piece.mutable_start()->set_reason(reason);
    bool open = stream->Write(piece);
    for (size_t at = 0; open && at < content.size(); at += 100'000) {
      piece.set_data(content.substr(at, 100'000));
      open = stream->Write(piece);
    }
    stream->WritesDone();
    return stream->Finish();
  }
  size_t FilesInInbox() const {
    size_t files = 0;
    for (const auto& entry : fs::directory_iterator(Inbox())) files += entry.is_regular_file();
    return files;
  }
  // What is in the inbox once nothing changes there any more.
  void ExpectEmptyInbox() const {
    const absl::Time end = absl::Now() + kPatience;
    while (FilesInInbox() != 0) ASSERT_LT(absl::Now(), end);
  }
  std::string AuditDetails() {
    v1::ListAuditEntriesResponse audit;
    EXPECT_TRUE(Operator()->ListAuditEntries(CallContext().get(), {}, &audit).ok());
    std::string details;
    for (const auto& entry : audit.entries()) {
      absl::StrAppend(&details, entry.actor(), " ", entry.action(), " ", entry.detail(), "\n");
    }
    return details;
  }
  grpc::Status Outcome(const std::string& name, v1::GetBundleImportResponse* response) {
    v1::GetBundleImportRequest request;
    request.set_name(name);
    return Operator()->GetBundleImport(CallContext().get(), request, response);
  }
};

TEST_F(ServerImportTest, AnUploadLandsInTheInboxByteForByteAndIsAudited) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::string content(1'234'567, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 1000);
  v1::ImportBundleResponse response;
  const grpc::Status status = Upload(content.size(), content, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(trust::IsBundleFileName(response.name())) << response.name();
  const std::string path = absl::StrCat(Inbox(), "/", response.name());
  EXPECT_EQ(ReadTestFile(path), content);
  const reputation::Sha256Bytes hash = reputation::Sha256(content);
  const std::string hex =
      absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
  EXPECT_EQ(response.sha256(), hex);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  ASSERT_EQ(stat(Inbox().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 02770u);
  EXPECT_THAT(AuditDetails(),
              AllOf(HasSubstr("operator.test.invalid bundle.import"), HasSubstr(hex),
                    HasSubstr("1234567 bytes"), HasSubstr("ticket 8")));

  v1::GetBundleImportResponse outcome;
  ASSERT_TRUE(Outcome(response.name(), &outcome).ok());
  EXPECT_EQ(outcome.state(), v1::BUNDLE_IMPORT_STATE_WAITING);
}

TEST_F(ServerImportTest, TheCommandUploadsHoweverSmallMessagesHaveToBe) {
  more_ = "[limits]\nmax_message_bytes = 262144\n";
  ASSERT_NO_FATAL_FAILURE(Start());
  const std::string content(700'000, 'b');
  const std::string file = directory_ / "threats.bundle";
  ASSERT_THAT(storage::WriteFileAtomically(file, content), IsOk());
  absl::StatusOr<ProcessResult> result =
      RunProcess({.argv = {ProgramPath("cloister"), "--server", GrpcAddress(), "bundle", "import",
                           file, "--reason", "ticket 9", "--wait", "0s"},
                  .environment = {"CLOISTER_CA=" + certificates_.authority.certificate(),
                                  "CLOISTER_CERTIFICATE=" + certificates_.operator_.certificate,
                                  "CLOISTER_KEY=" + certificates_.operator_.key}},
                 kPatience);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(FilesInInbox(), 1u) << result->output << result->errors;
  for (const auto& entry : fs::directory_iterator(Inbox())) {
    EXPECT_EQ(ReadTestFile(entry.path().string()), content);
  }
  EXPECT_THAT(AuditDetails(), HasSubstr("ticket 9"));
}

TEST_F(ServerImportTest, WhatBecameOfABundleIsTold) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::ImportBundleResponse response;
  ASSERT_TRUE(Upload(3, "abc", &response).ok());
  trust::BundleImport told;
  told.bundle = response.name();
  told.state = "refused";
  told.finished = absl::FromUnixSeconds(1'800'000'000);
  told.reason = "bundle_malformed";
  told.message = "it is not a bundle";
  told.feeds.push_back({.feed = "threats",
                        .state = "refused",
                        .version = 7,
                        .expired = true,
                        .reason = "metadata_expired",
                        .message = "since a year"});
  const std::string path = trust::BundleImportPath(directory_ / "spool", response.name());
  fs::create_directories(fs::path(path).parent_path());
  ASSERT_THAT(storage::WriteFileAtomically(path, trust::EncodeBundleImport(told), 0640), IsOk());
  fs::remove(absl::StrCat(Inbox(), "/", response.name()));
  v1::GetBundleImportResponse outcome;
  ASSERT_TRUE(Outcome(response.name(), &outcome).ok());
  EXPECT_EQ(outcome.state(), v1::BUNDLE_IMPORT_STATE_REFUSED);
  EXPECT_EQ(outcome.reject_reason(), "bundle_malformed");
  ASSERT_EQ(outcome.feeds_size(), 1);
  EXPECT_EQ(outcome.feeds(0).version(), 7u);
  EXPECT_TRUE(outcome.feeds(0).expired());
  EXPECT_EQ(outcome.feeds(0).reject_reason(), "metadata_expired");

  // A link in its place is not followed, nor one in its folder's place.
  fs::rename(path, path + ".other");
  fs::create_symlink(path + ".other", path);
  EXPECT_FALSE(Outcome(response.name(), &outcome).ok());
  fs::remove(path);
  const fs::path imports = fs::path(path).parent_path();
  fs::rename(imports, directory_ / "elsewhere");
  fs::rename(directory_ / ("elsewhere/" + fs::path(path).filename().string() + ".other"),
             directory_ / ("elsewhere/" + fs::path(path).filename().string()));
  fs::create_directory_symlink(directory_ / "elsewhere", imports);
  EXPECT_FALSE(Outcome(response.name(), &outcome).ok());
}

TEST_F(ServerImportTest, NamesThatAreNoneAreNotLookedFor) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::GetBundleImportResponse outcome;
  for (const char* name : {"", "nothing.bundle", "../data/db/CURRENT", "..", ".hidden.bundle",
                           "a/b.bundle", "/etc/passwd"}) {
    EXPECT_EQ(Outcome(name, &outcome).error_code(), grpc::StatusCode::NOT_FOUND) << name;
  }
}

TEST_F(ServerImportTest, BadUploadsLeaveNothing) {
  ASSERT_NO_FATAL_FAILURE(Start());
  struct Case {
    uint64_t bytes;
    std::string content;
    std::string reason;
    grpc::StatusCode code;
    const char* says;
  };
  const Case table[] = {
      {0, "", "r", grpc::StatusCode::INVALID_ARGUMENT, "start.bytes"},
      {3, "abc", "", grpc::StatusCode::INVALID_ARGUMENT, "reason"},
      {4, "abc", "r", grpc::StatusCode::INVALID_ARGUMENT, "ended after 3 of the 4"},
      {2, "abc", "r", grpc::StatusCode::INVALID_ARGUMENT, "more than the 2"},
      {3'000'001, "abc", "r", grpc::StatusCode::RESOURCE_EXHAUSTED, "max_bundle_bytes"},
  };
  for (const Case& one : table) {
    v1::ImportBundleResponse response;
    const grpc::Status status = Upload(one.bytes, one.content, &response, one.reason);
    EXPECT_EQ(status.error_code(), one.code) << one.says << ": " << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(one.says));
  }
  auto stub = Operator();
  v1::ImportBundleResponse response;
  auto context = CallContext();
  auto stream = stub->ImportBundle(context.get(), &response);
  v1::ImportBundleRequest piece;
  piece.set_data("abc");
  stream->Write(piece);
  stream->WritesDone();
  EXPECT_THAT(stream->Finish().error_message(), HasSubstr("first message"));
  ASSERT_NO_FATAL_FAILURE(ExpectEmptyInbox());
  EXPECT_EQ(AuditDetails(), "");
}

TEST_F(ServerImportTest, AnUploadThatIsGivenUpLeavesNothing) {
  ASSERT_NO_FATAL_FAILURE(Start());
  auto stub = Operator();
  v1::ImportBundleResponse response;
  auto context = CallContext();
  auto stream = stub->ImportBundle(context.get(), &response);
  v1::ImportBundleRequest piece;
  piece.mutable_start()->set_bytes(200'000);
  piece.mutable_start()->set_reason("r");
  ASSERT_TRUE(stream->Write(piece));
  piece.set_data(std::string(100'000, 'x'));
  ASSERT_TRUE(stream->Write(piece));
  const absl::Time end = absl::Now() + kPatience;
  while (FilesInInbox() == 0) ASSERT_LT(absl::Now(), end);
  context->TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_NO_FATAL_FAILURE(ExpectEmptyInbox());
  EXPECT_EQ(AuditDetails(), "");
}

TEST_F(ServerImportTest, BundlesThatNobodyTakesAreBounded) {
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::ImportBundleResponse response;
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(Upload(1, "x", &response).ok()) << i;
  const grpc::Status full = Upload(1, "x", &response);
  EXPECT_EQ(full.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(full.error_message(), AllOf(HasSubstr("cloister-sync"), HasSubstr(Inbox())));
}

TEST_F(ServerImportTest, WithoutAnInboxNothingIsTaken) {
  updates_ = "";
  ASSERT_NO_FATAL_FAILURE(Start());
  v1::ImportBundleResponse response;
  const grpc::Status status = Upload(3, "abc", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("inbox_directory"));
}

TEST_F(ServerImportTest, WhatACrashLeftIsRemovedAndBundlesAreNot) {
  fs::create_directory(Inbox());
  ASSERT_THAT(storage::WriteFileAtomically(Inbox() + "/.tmp-left", "half"), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(Inbox() + "/whole.bundle", "whole"), IsOk());
  fs::create_directory(Inbox() + "/.tmp-folder");  // cannot be removed so, and stops nobody
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_FALSE(fs::exists(Inbox() + "/.tmp-left"));
  EXPECT_TRUE(fs::exists(Inbox() + "/whole.bundle"));
}

TEST_F(ServerImportTest, AnInboxThatAnybodyMayWriteToIsRefused) {
  fs::create_directory(Inbox());
  fs::permissions(Inbox(), fs::perms::all);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--check-config"}}) {
    const ProcessResult result = RunToEnd(arguments);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.errors,
                AllOf(HasSubstr("inbox_directory"), HasSubstr("anybody"), HasSubstr("install -d")));
  }
}

}  // namespace
}  // namespace cloister::testing
