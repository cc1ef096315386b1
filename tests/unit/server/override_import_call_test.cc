// Imports of overrides into a real store, over a channel of this process.

#include "server/admin/override_import_call.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "reputation/utf8.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class OverrideService : public v1::AdminService::CallbackService {
 public:
  explicit OverrideService(OverrideImportCall::Options options) : options_(std::move(options)) {}

  grpc::ServerReadReactor<v1::ImportOverridesRequest>* ImportOverrides(
      grpc::CallbackServerContext* context, v1::ImportOverridesResponse* response) override {
    return new OverrideImportCall(context, response, options_);
  }

 private:
  const OverrideImportCall::Options options_;
};

v1::Override HostOverride(const std::string& name, v1::Verdict verdict = v1::VERDICT_MALICIOUS) {
  v1::Override one;
  one.mutable_object()->set_kind(v1::OBJECT_KIND_HOST);
  one.mutable_object()->set_text(name);
  one.set_verdict(verdict);
  return one;
}

v1::ImportOverridesRequest BatchOf(const std::vector<v1::Override>& overrides) {
  v1::ImportOverridesRequest request;
  for (const v1::Override& one : overrides) *request.mutable_batch()->add_overrides() = one;
  return request;
}

// `count` hosts, from number `first` on.
v1::ImportOverridesRequest Hosts(int first, int count) {
  std::vector<v1::Override> overrides;
  for (int i = first; i < first + count; ++i) {
    overrides.push_back(HostOverride(absl::StrCat("h", i, ".bad.example")));
  }
  return BatchOf(overrides);
}

v1::ImportOverridesRequest StartWith(const std::string& reason = "ticket 5") {
  v1::ImportOverridesRequest request;
  request.mutable_start()->set_reason(reason);
  request.mutable_start()->set_source("domain:bad.txt");
  return request;
}

class OverrideImportCallTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(store_,
                         storage::ReputationStore::Open(
                             {.directory = directory_ / "data", .feeds = {}, .reserve_bytes = 0}));
    Serve();
  }
  void TearDown() override { StopServer(); }

  void Serve(absl::Duration patience = OverrideImportCall::kPatience,
             uint64_t max_overrides = OverrideImportCall::kMaxOverrides) {
    StopServer();
    OverrideImportCall::Options options;
    options.patience = patience;
    options.max_overrides = max_overrides;
    options.store = store_.get();
    options.threads = &threads_;
    options.caller = {.name = "alice", .role = Role::kOperator};
    options.clock = [] { return kNow; };
    service_ = std::make_unique<OverrideService>(options);
    server_ = grpc::ServerBuilder().RegisterService(service_.get()).BuildAndStart();
    ASSERT_NE(server_, nullptr);
    stub_ = v1::AdminService::NewStub(server_->InProcessChannel({}));
  }
  void StopServer() {
    if (server_ == nullptr) return;
    server_->Shutdown();
    server_->Wait();
    server_.reset();
  }

  grpc::Status Import(const std::vector<v1::ImportOverridesRequest>& requests) {
    grpc::ClientContext context;
    response_.Clear();
    auto stream = stub_->ImportOverrides(&context, &response_);
    for (const v1::ImportOverridesRequest& request : requests) {
      if (!stream->Write(request)) break;
    }
    stream->WritesDone();
    return stream->Finish();
  }
  uint64_t Count() const { return store_->Current()->override_count(); }
  std::vector<storage::AuditRecord> Audit() const { return store_->ListAudit(1, 100).value(); }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<storage::ReputationStore> store_;
  LongCalls threads_{1, 8};
  std::unique_ptr<OverrideService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
  v1::ImportOverridesResponse response_;
};

TEST_F(OverrideImportCallTest, BatchesAreSetEachWithOneAuditEntry) {
  const grpc::Status status = Import({StartWith(), Hosts(0, 1000), Hosts(1000, 10)});
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.set(), 1010u);
  EXPECT_EQ(response_.refused(), 0u);
  EXPECT_EQ(response_.generation(), store_->Current()->number());
  EXPECT_EQ(Count(), 1010u);
  ASSERT_THAT(Audit(), SizeIs(2));
  EXPECT_EQ(Audit()[0].action, "override.import");
  EXPECT_EQ(Audit()[0].actor, "alice");
  EXPECT_THAT(Audit()[0].detail, AllOf(HasSubstr("1000 overrides"), HasSubstr("sha256 "),
                                       HasSubstr("batch 1 of domain:bad.txt; ticket 5")));
  EXPECT_THAT(Audit()[1].detail, AllOf(HasSubstr("10 overrides"), HasSubstr("batch 2")));
}

TEST_F(OverrideImportCallTest, EverythingThatAnOverrideSaysIsKept) {
  v1::Override said = HostOverride("all.bad.example", v1::VERDICT_UNWANTED);
  said.set_scope(v1::SCOPE_SUBTREE);
  said.set_threat_name("Adware.X");
  said.add_categories(v1::CATEGORY_RISKWARE);
  said.add_categories(v1::CATEGORY_ADWARE);
  said.set_confidence(80);
  said.add_applies_to(v1::LOOKUP_CONTEXT_C2);
  said.mutable_valid_until()->set_seconds(1'800'000'000 + 7200);
  ASSERT_TRUE(Import({StartWith(), BatchOf({said})}).ok());
  ASSERT_OK_AND_ASSIGN(const auto stored, store_->Current()->ListOverrides("", 2));
  ASSERT_THAT(stored, SizeIs(1));
  v1::Override listed;
  SetOverrideProto(stored[0].second, &listed);
  EXPECT_EQ(listed.reason(), "ticket 5");
  EXPECT_EQ(listed.actor(), "alice");
  EXPECT_EQ(listed.set_at().seconds(), absl::ToUnixSeconds(kNow));
  listed.clear_reason();
  listed.clear_actor();
  listed.clear_set_at();
  std::swap(*said.mutable_categories()->Mutable(0), *said.mutable_categories()->Mutable(1));
  EXPECT_EQ(listed.ShortDebugString(), said.ShortDebugString());
}

TEST_F(OverrideImportCallTest, WhatIsNotValidIsLeftOutAndToldByItsNumber) {
  v1::Override lapsed = HostOverride("lapsed.example");
  lapsed.mutable_valid_until()->set_seconds(1'700'000'000);
  v1::Override forever = HostOverride("forever.example");
  forever.mutable_valid_until()->set_seconds(1ll << 36);
  v1::Override weak = HostOverride("");
  weak.mutable_object()->set_kind(v1::OBJECT_KIND_FILE);
  weak.mutable_object()->set_text(std::string(32, 'a'));
  weak.set_verdict(v1::VERDICT_TRUSTED);
  v1::Override of_later_peer = HostOverride("x.example");
  of_later_peer.add_categories(static_cast<v1::Category>(77));
  v1::Override too_sure = HostOverride("x.example");
  too_sure.set_confidence(101);
  v1::Override long_name = HostOverride("x.example");
  long_name.set_threat_name(std::string(256, 'x'));
  const std::vector<std::pair<v1::Override, const char*>> bad = {
      {HostOverride("co.uk"), "public suffix"},
      {HostOverride("x.example", v1::VERDICT_UNSPECIFIED), "verdict"},
      {lapsed, "valid_until: has passed"},
      {forever, "valid_until"},
      {weak, "SHA-256"},
      {of_later_peer, "categories"},
      {too_sure, "confidence"},
      {long_name, "threat_name"},
      {v1::Override(), "object.kind"}};
  std::vector<v1::Override> batch = {HostOverride("a.example")};
  for (const auto& [one, why] : bad) batch.push_back(one);
  ASSERT_TRUE(Import({StartWith(), BatchOf(batch), BatchOf({HostOverride("b.example")})}).ok());
  EXPECT_EQ(Count(), 2u);
  EXPECT_EQ(response_.set(), 2u);
  EXPECT_EQ(response_.refused(), bad.size());
  ASSERT_EQ(response_.refusals_size(), static_cast<int>(bad.size()));
  for (int i = 0; i < response_.refusals_size(); ++i) {
    EXPECT_EQ(response_.refusals(i).index(), static_cast<uint64_t>(i) + 1);
    EXPECT_THAT(response_.refusals(i).message(), HasSubstr(bad[static_cast<size_t>(i)].second));
  }
  EXPECT_THAT(response_.refusals(0).message(), HasSubstr("host \"co.uk\""));
}

TEST_F(OverrideImportCallTest, ARefusalOfALongTextCanBeRead) {
  std::vector<v1::Override> bad;
  for (const char* first : {"", "a", "ab", "abc"}) {
    std::string name = first;
    for (int i = 0; i < 400; ++i) name += i % 2 == 0 ? "\xe2\x82\xac" : "\xc3\xbc";
    bad.push_back(HostOverride(name));
  }
  const grpc::Status status = Import({StartWith(), BatchOf(bad)});
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response_.refusals_size(), 4);
  for (const v1::RefusedOverride& refusal : response_.refusals()) {
    EXPECT_TRUE(reputation::IsUtf8(refusal.message()));
    EXPECT_LT(refusal.message().size(), 2000u);
  }
}

TEST_F(OverrideImportCallTest, OfManyRefusalsTheFirstAreTold) {
  const std::vector<v1::Override> bad(50, HostOverride("com"));
  ASSERT_TRUE(Import({StartWith(), BatchOf(bad)}).ok());
  EXPECT_EQ(response_.refused(), 50u);
  EXPECT_EQ(response_.refusals_size(), OverrideImportCall::kMaxRefusals);
  EXPECT_EQ(response_.set(), 0u);
  EXPECT_EQ(response_.generation(), 0u);
  EXPECT_THAT(Audit(), SizeIs(0)) << "nothing was changed";
}

TEST_F(OverrideImportCallTest, ADryRunWritesNothing) {
  v1::ImportOverridesRequest start = StartWith();
  start.mutable_start()->set_validate_only(true);
  ASSERT_TRUE(Import({start, Hosts(0, 10), BatchOf({HostOverride("com")})}).ok());
  EXPECT_EQ(response_.set(), 10u);
  EXPECT_EQ(response_.refused(), 1u);
  EXPECT_EQ(response_.refusals(0).index(), 10u);
  EXPECT_EQ(Count(), 0u);
  EXPECT_THAT(Audit(), SizeIs(0));
}

TEST_F(OverrideImportCallTest, CallsThatAreNotInOrderAreRefused) {
  const v1::ImportOverridesRequest too_many = Hosts(0, OverrideImportCall::kMaxBatch + 1);
  v1::ImportOverridesRequest long_source = StartWith();
  long_source.mutable_start()->set_source(std::string(1025, 's'));
  const std::vector<std::pair<std::vector<v1::ImportOverridesRequest>, const char*>> cases = {
      {{}, "start"},
      {{Hosts(0, 1)}, "start"},
      {{StartWith(), StartWith()}, "start"},
      {{StartWith("")}, "reason"},
      {{long_source}, "source"},
      {{StartWith(), v1::ImportOverridesRequest()}, "batch"},
      {{StartWith(), too_many}, "batch holds 1 to 10000"}};
  for (const auto& [requests, says] : cases) {
    const grpc::Status status = Import(requests);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << says;
    EXPECT_THAT(status.error_message(), HasSubstr(says));
  }
  EXPECT_EQ(Count(), 0u);
}

TEST_F(OverrideImportCallTest, AnImportHasAnEnd) {
  Serve(OverrideImportCall::kPatience, /*max_overrides=*/25);
  const grpc::Status status = Import({StartWith(), Hosts(0, 20), Hosts(20, 6)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("at most 25"));
  EXPECT_EQ(Count(), 20u) << "what was written stays";
}

TEST_F(OverrideImportCallTest, WhatWasWrittenStaysWhenTheCallerGoes) {
  grpc::ClientContext context;
  v1::ImportOverridesResponse response;
  auto stream = stub_->ImportOverrides(&context, &response);
  ASSERT_TRUE(stream->Write(StartWith()));
  ASSERT_TRUE(stream->Write(Hosts(0, 30)));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (Count() == 0) ASSERT_LT(absl::Now(), end);
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Count(), 30u);
  // The next one is served.
  EXPECT_TRUE(Import({StartWith(), Hosts(100, 1)}).ok());
}

TEST_F(OverrideImportCallTest, OneThatBringsNothingIsEnded) {
  Serve(absl::Milliseconds(100));
  grpc::ClientContext context;
  v1::ImportOverridesResponse response;
  auto stream = stub_->ImportOverrides(&context, &response);
  ASSERT_TRUE(stream->Write(StartWith()));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(OverrideImportCallTest, OtherWritersHaveTheirTurnBetweenBatches) {
  grpc::ClientContext context;
  v1::ImportOverridesResponse response;
  auto stream = stub_->ImportOverrides(&context, &response);
  ASSERT_TRUE(stream->Write(StartWith()));
  ASSERT_TRUE(stream->Write(Hosts(0, 30)));
  // The import is open still.
  EXPECT_TRUE(Import({StartWith(), Hosts(100, 5)}).ok());
  ASSERT_TRUE(stream->Write(Hosts(30, 1)));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(Count(), 36u);
}

}  // namespace
}  // namespace cloister::server
