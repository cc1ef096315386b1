// Long calls of the admin service over gRPC, upon updates that a test makes up: what a real server
// is too fast for.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "server/admin/admin_service.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using ::testing::HasSubstr;

// Verification goes on until it is told to end, or its caller has gone.
class SlowUpdates : public UpdateControl {
 public:
  absl::StatusOr<FeedUpdateState> State(absl::string_view) const override {
    return FeedUpdateState();
  }
  absl::Status Accept(absl::string_view, uint64_t, const Decision&) override {
    accepting.Notify();
    let_accept_end.WaitForNotification();
    accepted = true;
    return absl::OkStatus();
  }
  absl::Status Reject(absl::string_view, uint64_t, const Decision&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> Rollback(absl::string_view, uint64_t, const Decision&) override {
    return 1;
  }
  absl::Status Pin(absl::string_view, const Decision&) override { return absl::OkStatus(); }
  absl::Status Unpin(absl::string_view, const Decision&) override { return absl::OkStatus(); }
  absl::StatusOr<ChangeSummary> Diff(absl::string_view, uint64_t) override {
    return ChangeSummary();
  }
  absl::StatusOr<storage::VerifyReport> Verify(
      absl::string_view, const storage::StoreProgressCallback& progress) override {
    for (uint64_t i = 0; !end_verify.HasBeenNotified(); ++i) {
      absl::Status status = progress({.doing = "hashing packs", .done = i, .total = 0});
      if (status.ok()) continue;
      if (!given_up.HasBeenNotified()) given_up.Notify();
      return status;
    }
    storage::VerifyReport report;
    report.packs = 7;
    return report;
  }
  absl::StatusOr<storage::RebuildReport> Rebuild(absl::string_view, const Decision&) override {
    return storage::RebuildReport();
  }

  std::atomic<bool> accepted{false};
  absl::Notification accepting;
  absl::Notification let_accept_end;
  absl::Notification end_verify;
  absl::Notification given_up;
};

class LongAdminCallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FeedConfig feed;
    for (const char* name : {"threats", "b", "c", "d", "e", "f"}) {
      feed.name = name;
      configuration_.feeds.push_back(feed);
    }
    service_ =
        std::make_unique<AdminService>(AdminService::Options{.updates = &updates_,
                                                             .authorizer = &authorizer_,
                                                             .configuration = &configuration_,
                                                             .metrics_address = "",
                                                             .started_at = absl::Now(),
                                                             .clock = absl::Now});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    stub_ = v1::AdminService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                          grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    if (!updates_.end_verify.HasBeenNotified()) updates_.end_verify.Notify();
    if (!updates_.let_accept_end.HasBeenNotified()) updates_.let_accept_end.Notify();
    server_->Shutdown();
    server_->Wait();
  }
  std::unique_ptr<grpc::ClientReader<v1::VerifyFeedResponse>> Verify(grpc::ClientContext* context,
                                                                     const std::string& feed) {
    v1::VerifyFeedRequest request;
    request.set_feed(feed);
    return stub_->VerifyFeed(context, request);
  }

  SlowUpdates updates_;
  Configuration configuration_;
  const Authorizer authorizer_ = Authorizer::TrustEveryone();
  std::unique_ptr<AdminService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
};

TEST_F(LongAdminCallsTest, VerifyStreamsProgressThenTheResult) {
  grpc::ClientContext context;
  auto stream = Verify(&context, "threats");
  v1::VerifyFeedResponse message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.doing(), "hashing packs");
  EXPECT_FALSE(message.has_result());
  ASSERT_TRUE(stream->Read(&message));
  updates_.end_verify.Notify();
  while (!message.has_result()) ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.result().packs(), 7u);
  EXPECT_TRUE(message.result().sound());
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(LongAdminCallsTest, AFeedIsVerifiedForOneCallerAtATime) {
  grpc::ClientContext first_context;
  auto first = Verify(&first_context, "threats");
  v1::VerifyFeedResponse message;
  ASSERT_TRUE(first->Read(&message));
  grpc::ClientContext second_context;
  auto second = Verify(&second_context, "threats");
  EXPECT_FALSE(second->Read(&message));
  const grpc::Status refused = second->Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), HasSubstr("already"));
  updates_.end_verify.Notify();
  while (first->Read(&message)) {
  }
  EXPECT_TRUE(first->Finish().ok());
  grpc::ClientContext third_context;
  auto third = Verify(&third_context, "threats");
  while (third->Read(&message)) {
  }
  EXPECT_TRUE(third->Finish().ok()) << "the first one is over";
}

TEST_F(LongAdminCallsTest, VerifyEndsWhenItsCallerHasGone) {
  grpc::ClientContext context;
  auto stream = Verify(&context, "threats");
  v1::VerifyFeedResponse message;
  ASSERT_TRUE(stream->Read(&message));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(updates_.given_up.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST_F(LongAdminCallsTest, VerifyKeepsTheDeadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  auto stream = Verify(&context, "threats");
  v1::VerifyFeedResponse message;
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(updates_.given_up.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST_F(LongAdminCallsTest, OtherCallsAreAnsweredMeanwhile) {
  // More of them than there are threads.
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::VerifyFeedResponse>>> streams;
  for (const FeedConfig& feed : configuration_.feeds) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(Verify(contexts.back().get(), feed.name));
    // The first one runs before the others come: which of them gets a thread is not said.
    v1::VerifyFeedResponse message;
    if (streams.size() == 1) {
      ASSERT_TRUE(streams.front()->Read(&message));
    }
  }
  v1::PinFeedRequest pin;
  pin.set_feed("threats");
  pin.set_reason("r");
  v1::PinFeedResponse pinned;
  grpc::ClientContext pin_context;
  pin_context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  EXPECT_TRUE(stub_->PinFeed(&pin_context, pin, &pinned).ok());
  for (const auto& context : contexts) context->TryCancel();
  for (const auto& stream : streams) stream->Finish();
}

TEST_F(LongAdminCallsTest, UnknownFeedsAndMissingReasonsAreRefusedByName) {
  v1::VerifyFeedResponse message;
  grpc::ClientContext verify_context;
  auto stream = Verify(&verify_context, "nothing");
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  v1::RollBackFeedRequest rollback;
  rollback.set_feed("threats");
  v1::RollBackFeedResponse rolled;
  grpc::ClientContext no_reason;
  EXPECT_THAT(stub_->RollBackFeed(&no_reason, rollback, &rolled).error_message(),
              HasSubstr("reason"));
  v1::AcceptFeedVersionRequest accept;
  accept.set_feed("threats");
  accept.set_reason("r");
  v1::AcceptFeedVersionResponse accepted;
  grpc::ClientContext no_version;
  EXPECT_THAT(stub_->AcceptFeedVersion(&no_version, accept, &accepted).error_message(),
              HasSubstr("version"));
}

TEST_F(LongAdminCallsTest, ADecisionIsCarriedOutEvenWhereItsCallerHasGone) {
  v1::AcceptFeedVersionRequest accept;
  accept.set_feed("threats");
  accept.set_version(3);
  accept.set_reason("r");
  v1::AcceptFeedVersionResponse accepted;
  grpc::ClientContext context;
  grpc::Status status;
  std::thread caller([&] { status = stub_->AcceptFeedVersion(&context, accept, &accepted); });
  updates_.accepting.WaitForNotification();
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  updates_.let_accept_end.Notify();
  server_->Shutdown();
  server_->Wait();
  EXPECT_TRUE(updates_.accepted);
}

}  // namespace
}  // namespace cloister::server
