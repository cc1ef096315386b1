// Uploads that a real server is too patient for, and an audit trail that fails.

#include "server/admin/import_call.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {
namespace {

using ::cloister::testing::IsOk;
using ::testing::HasSubstr;

constexpr size_t kPiece = 16 << 10;

class ImportService : public v1::AdminService::CallbackService {
 public:
  explicit ImportService(ImportCall::Options options) : options_(std::move(options)) {}

  grpc::ServerReadReactor<v1::ImportBundleRequest>* ImportBundle(
      grpc::CallbackServerContext* context, v1::ImportBundleResponse* response) override {
    return new ImportCall(context, response, options_);
  }

 private:
  const ImportCall::Options options_;
};

class ImportCallTest : public ::testing::Test {
 protected:
  void Start(absl::Duration patience = ImportCall::kPatience) {
    absl::StatusOr<std::unique_ptr<BundleInbox>> inbox =
        BundleInbox::Open({.directory = directory_ / "inbox",
                           .spool_directory = directory_ / "spool",
                           .max_bundle_bytes = 1 << 20});
    ASSERT_THAT(inbox, IsOk());
    inbox_ = *std::move(inbox);
    service_ = std::make_unique<ImportService>(
        ImportCall::Options{.inbox = inbox_.get(),
                            .audit = [this](const storage::AuditEvent&) { return audited_; },
                            .threads = &threads_,
                            .caller = {.name = "alice", .role = Role::kOperator},
                            .clock = absl::Now,
                            .patience = patience});
    server_ = grpc::ServerBuilder().RegisterService(service_.get()).BuildAndStart();
    ASSERT_NE(server_, nullptr);
    stub_ = v1::AdminService::NewStub(server_->InProcessChannel({}));
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->Shutdown();
    server_->Wait();
  }
  // Announces `bytes`.
  std::unique_ptr<grpc::ClientWriter<v1::ImportBundleRequest>> Begin(uint64_t bytes) {
    auto stream = stub_->ImportBundle(&context_, &response_);
    v1::ImportBundleRequest start;
    start.mutable_start()->set_bytes(bytes);
    start.mutable_start()->set_reason("ticket 8");
    EXPECT_TRUE(stream->Write(start));
    return stream;
  }
  static v1::ImportBundleRequest Piece(size_t bytes) {
    v1::ImportBundleRequest piece;
    piece.set_data(std::string(bytes, 'x'));
    return piece;
  }
  size_t FilesInInbox() const {
    const std::filesystem::directory_iterator files(directory_ / "inbox");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  const testing::TemporaryDirectory directory_;
  absl::Status audited_;
  std::unique_ptr<BundleInbox> inbox_;
  LongCalls threads_{2, 8};
  std::unique_ptr<ImportService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
  grpc::ClientContext context_;
  v1::ImportBundleResponse response_;
};

TEST_F(ImportCallTest, AnUploadThatCannotBeAuditedNeverAppears) {
  audited_ = absl::DataLossError("the audit trail is damaged");
  ASSERT_NO_FATAL_FAILURE(Start());
  auto stream = Begin(kPiece);
  EXPECT_TRUE(stream->Write(Piece(kPiece)));
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS) << status.error_message();
  EXPECT_EQ(response_.name(), "");
  EXPECT_EQ(FilesInInbox(), 0u);
}

TEST_F(ImportCallTest, AnUploadThatStallsLosesItsSlot) {
  ASSERT_NO_FATAL_FAILURE(Start(absl::Milliseconds(100)));
  auto stream = Begin(kPiece);
  EXPECT_TRUE(stream->Write(Piece(1)));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << status.error_message();
  EXPECT_THAT(status.error_message(), HasSubstr("begin anew"));
  EXPECT_EQ(FilesInInbox(), 0u);
  std::vector<std::unique_ptr<BundleInbox::Upload>> all;
  for (size_t i = 0; i < BundleInbox::kMaxUploads; ++i) {
    ASSERT_OK_AND_ASSIGN(auto upload, inbox_->Begin(1));
    all.push_back(std::move(upload));
  }
}

TEST_F(ImportCallTest, AnUploadThatArrivesByteByByteLosesItsSlot) {
  ASSERT_NO_FATAL_FAILURE(Start(absl::Milliseconds(100)));
  auto stream = Begin(1 << 20);
  size_t written = 0;
  while (stream->Write(Piece(1))) ASSERT_LT(++written, ImportCall::kMinProgressBytes);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << status.error_message();
}

TEST_F(ImportCallTest, AnUploadMayTakeLongAsLongAsEnoughArrives) {
  constexpr absl::Duration kPatience = absl::Seconds(1);
  constexpr int kPieces = 6;
  ASSERT_NO_FATAL_FAILURE(Start(kPatience));
  const absl::Time begin = absl::Now();
  auto stream = Begin(kPieces * ImportCall::kMinProgressBytes);
  for (int i = 1; i <= kPieces; ++i) {
    ASSERT_TRUE(stream->Write(Piece(ImportCall::kMinProgressBytes)));
    absl::Notification never;
    never.WaitForNotificationWithDeadline(begin + kPatience * i / 4);
  }
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(FilesInInbox(), 1u);
}

}  // namespace
}  // namespace cloister::server
