// What operators see of a real server.

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerAdminTest : public ServerFixture {
 protected:
  void SetUp() override {
    metrics_ = "127.0.0.1:0";
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_NO_FATAL_FAILURE(ServeSamples());
    operator_stub_ = Operator();
  }
  grpc::Status Set(v1::ObjectKind kind, const std::string& text, v1::Verdict verdict) {
    v1::SetOverrideRequest request;
    request.mutable_object()->set_kind(kind);
    request.mutable_object()->set_text(text);
    request.set_verdict(verdict);
    request.set_reason("ticket 4711");
    v1::SetOverrideResponse response;
    return operator_stub_->SetOverride(CallContext().get(), request, &response);
  }
  grpc::Status Delete(v1::ObjectKind kind, const std::string& text) {
    v1::DeleteOverrideRequest request;
    request.mutable_object()->set_kind(kind);
    request.mutable_object()->set_text(text);
    request.set_reason("over");
    v1::DeleteOverrideResponse response;
    return operator_stub_->DeleteOverride(CallContext().get(), request, &response);
  }
  v1::Feed TheFeed() {
    v1::ListFeedsResponse feeds;
    EXPECT_TRUE(operator_stub_->ListFeeds(CallContext().get(), {}, &feeds).ok());
    return feeds.feeds_size() == 1 ? feeds.feeds(0) : v1::Feed();
  }

  std::unique_ptr<v1::AdminService::Stub> operator_stub_;
};

// Calls a method with an empty request.
template <typename Request, typename Response>
std::function<grpc::Status(grpc::ClientContext*)> Unary(
    v1::AdminService::Stub* stub,
    grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                   Response*)) {
  return [stub, method](grpc::ClientContext* context) {
    Response response;
    return (stub->*method)(context, Request(), &response);
  };
}

TEST_F(ServerAdminTest, GatewayMayNotAdminister) {
  auto stub = v1::AdminService::NewStub(ChannelFor(certificates_.gateway));
  // Every method of the service.
  const std::map<std::string, std::function<grpc::Status(grpc::ClientContext*)>> calls = {
      {"GetStatus", Unary(stub.get(), &v1::AdminService::Stub::GetStatus)},
      {"ListFeeds", Unary(stub.get(), &v1::AdminService::Stub::ListFeeds)},
      {"ListFeedVersions", Unary(stub.get(), &v1::AdminService::Stub::ListFeedVersions)},
      {"DiffFeedVersion", Unary(stub.get(), &v1::AdminService::Stub::DiffFeedVersion)},
      {"AcceptFeedVersion", Unary(stub.get(), &v1::AdminService::Stub::AcceptFeedVersion)},
      {"RejectFeedVersion", Unary(stub.get(), &v1::AdminService::Stub::RejectFeedVersion)},
      {"RollBackFeed", Unary(stub.get(), &v1::AdminService::Stub::RollBackFeed)},
      {"PinFeed", Unary(stub.get(), &v1::AdminService::Stub::PinFeed)},
      {"UnpinFeed", Unary(stub.get(), &v1::AdminService::Stub::UnpinFeed)},
      {"VerifyFeed",
       [&](grpc::ClientContext* context) {
         auto stream = stub->VerifyFeed(context, v1::VerifyFeedRequest());
         v1::VerifyFeedResponse message;
         EXPECT_FALSE(stream->Read(&message));
         return stream->Finish();
       }},
      {"RebuildFeed", Unary(stub.get(), &v1::AdminService::Stub::RebuildFeed)},
      {"ImportBundle",
       [&](grpc::ClientContext* context) {
         v1::ImportBundleResponse response;
         auto stream = stub->ImportBundle(context, &response);
         stream->WritesDone();
         return stream->Finish();
       }},
      {"GetBundleImport", Unary(stub.get(), &v1::AdminService::Stub::GetBundleImport)},
      {"Explain", Unary(stub.get(), &v1::AdminService::Stub::Explain)},
      {"SetOverride", Unary(stub.get(), &v1::AdminService::Stub::SetOverride)},
      {"DeleteOverride", Unary(stub.get(), &v1::AdminService::Stub::DeleteOverride)},
      {"ImportOverrides",
       [&](grpc::ClientContext* context) {
         v1::ImportOverridesResponse response;
         auto stream = stub->ImportOverrides(context, &response);
         stream->WritesDone();
         return stream->Finish();
       }},
      {"ListOverrides", Unary(stub.get(), &v1::AdminService::Stub::ListOverrides)},
      {"ListAuditEntries", Unary(stub.get(), &v1::AdminService::Stub::ListAuditEntries)},
  };
  const auto& service =
      *v1::GetStatusRequest::descriptor()->file()->FindServiceByName("AdminService");
  for (int i = 0; i < service.method_count(); ++i) {
    const std::string& name = service.method(i)->name();
    ASSERT_EQ(calls.count(name), 1u) << name << " is not in the table";
    const grpc::Status denied = calls.at(name)(CallContext().get());
    EXPECT_EQ(denied.error_code(), grpc::StatusCode::PERMISSION_DENIED) << name;
    EXPECT_THAT(denied.error_message(),
                AllOf(HasSubstr("gateway.test.invalid"), HasSubstr("role = \"operator\"")));
  }
}

TEST_F(ServerAdminTest, StrangerMayDoNothing) {
  auto channel = ChannelFor(certificates_.stranger);
  v1::LookupResponse answer;
  const grpc::Status lookup =
      v1::ReputationService::NewStub(channel)->Lookup(CallContext().get(), {}, &answer);
  EXPECT_EQ(lookup.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(lookup.error_message(),
              AllOf(HasSubstr("stranger.test.invalid"), HasSubstr("[[identity]]")));
  v1::GetStatusResponse status;
  EXPECT_EQ(
      v1::AdminService::NewStub(channel)->GetStatus(CallContext().get(), {}, &status).error_code(),
      grpc::StatusCode::PERMISSION_DENIED);
}

// Many authorities check subject alternative names only, and pass on the common name asked for.
TEST_F(ServerAdminTest, CommonNameCountsOnlyWithoutOtherNames) {
  testing::CertificateRequest request;
  request.common_name = "operator.test.invalid";
  const testing::CertificateFiles bare = certificates_.authority.Issue("bare", request);
  request.subject_alternative_names = {"DNS:gateway.test.invalid"};
  const testing::CertificateFiles posing = certificates_.authority.Issue("posing", request);
  v1::GetStatusResponse status;
  EXPECT_TRUE(v1::AdminService::NewStub(ChannelFor(bare))
                  ->GetStatus(CallContext().get(), {}, &status)
                  .ok());
  EXPECT_EQ(v1::AdminService::NewStub(ChannelFor(posing))
                ->GetStatus(CallContext().get(), {}, &status)
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerAdminTest, OperatorMayLookUp) {
  v1::LookupRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_HOST);
  request.mutable_object()->set_text("phishing.example");
  v1::LookupResponse answer;
  auto stub = v1::ReputationService::NewStub(ChannelFor(certificates_.operator_));
  ASSERT_TRUE(stub->Lookup(CallContext().get(), request, &answer).ok());
  EXPECT_EQ(answer.status(), v1::ANSWER_STATUS_LISTED);
}

TEST_F(ServerAdminTest, StatusTellsHowTheServerIs) {
  v1::GetStatusResponse status;
  ASSERT_TRUE(operator_stub_->GetStatus(CallContext().get(), {}, &status).ok());
  EXPECT_EQ(status.server_version(), CLOISTER_VERSION);
  EXPECT_EQ(status.caller_role(), "operator");
  EXPECT_TRUE(status.all_feeds_serving());
  EXPECT_EQ(status.data_directory(), directory_ / "data");
  EXPECT_EQ(status.metrics_address(), MetricsAddress());
  EXPECT_GT(status.generation(), 0u);
}

TEST_F(ServerAdminTest, FeedsTellWhatServes) {
  const v1::Feed feed = TheFeed();
  EXPECT_EQ(feed.name(), "threats");
  EXPECT_EQ(feed.health(), v1::FEED_HEALTH_SERVING);
  EXPECT_EQ(feed.version(), 1u);
  EXPECT_EQ(feed.records(), 5u);
  EXPECT_THAT(feed.coverage(), Contains("file/md5"));
  EXPECT_EQ(feed.priority(), 50);
  EXPECT_EQ(feed.packs(), 1u);
  EXPECT_GT(feed.pack_bytes(), 0u);
  EXPECT_EQ(feed.content_digest(), feed_.chain().back().content_digest);
  EXPECT_GT(feed.expires_at().seconds(), absl::ToUnixSeconds(absl::Now()));
  EXPECT_EQ(feed.reject_reason(), "");
}

TEST_F(ServerAdminTest, VersionsKeptAreListedNewestFirst) {
  feed_.PublishDelta({ListingOf(ObjectKind::kFile, std::string(64, 'e'), Verdict::kUnwanted)});
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  v1::ListFeedVersionsRequest request;
  request.set_feed("threats");
  v1::ListFeedVersionsResponse versions;
  ASSERT_TRUE(operator_stub_->ListFeedVersions(CallContext().get(), request, &versions).ok());
  ASSERT_GE(versions.versions_size(), 1);
  EXPECT_EQ(versions.versions(0).version(), 2u);
  EXPECT_TRUE(versions.versions(0).serving());
  request.set_feed("nothing");
  EXPECT_EQ(operator_stub_->ListFeedVersions(CallContext().get(), request, &versions).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerAdminTest, OverrideWinsIsExplainedAndAuditedAndGoes) {
  ASSERT_TRUE(Set(v1::OBJECT_KIND_IP, "192.0.2.77", v1::VERDICT_TRUSTED).ok());
  const v1::LookupResponse answer = LookupOrFail(v1::OBJECT_KIND_IP, "192.0.2.77");
  ASSERT_EQ(answer.matches_size(), 2);
  EXPECT_EQ(answer.matches(0).verdict(), v1::VERDICT_TRUSTED);
  EXPECT_EQ(answer.matches(0).layer(), v1::LAYER_KIND_OVERRIDE);
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_IP, "192.0.2.78").matches(0).verdict(),
            v1::VERDICT_SUSPICIOUS);

  v1::ExplainRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_IP);
  request.mutable_object()->set_text("192.0.2.77");
  v1::ExplainResponse explained;
  ASSERT_TRUE(operator_stub_->Explain(CallContext().get(), request, &explained).ok());
  EXPECT_EQ(explained.answer().status(), v1::ANSWER_STATUS_LISTED);
  ASSERT_GE(explained.probed_keys_size(), 2);
  EXPECT_EQ(explained.probed_keys(0).lookup_key_hex(), "0404c000024d20");
  EXPECT_TRUE(explained.probed_keys(0).exact());
  ASSERT_EQ(explained.found_size(), 2);
  EXPECT_EQ(explained.found(0).outcome(), "won");
  EXPECT_EQ(explained.found(1).outcome(), "outranked");
  EXPECT_EQ(explained.found(1).match().matched_expression(), "192.0.2.0/24");

  ASSERT_TRUE(Delete(v1::OBJECT_KIND_IP, "192.0.2.77").ok());
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_IP, "192.0.2.77").matches_size(), 1);
  EXPECT_EQ(Delete(v1::OBJECT_KIND_IP, "192.0.2.77").error_code(), grpc::StatusCode::NOT_FOUND);

  v1::ListAuditEntriesResponse audit;
  ASSERT_TRUE(operator_stub_->ListAuditEntries(CallContext().get(), {}, &audit).ok());
  EXPECT_TRUE(audit.chain_intact());
  ASSERT_EQ(audit.entries_size(), 2);
  EXPECT_EQ(audit.entries(0).action(), "override.set");
  EXPECT_EQ(audit.entries(0).actor(), "operator.test.invalid");
  EXPECT_THAT(audit.entries(0).detail(), HasSubstr("ticket 4711"));
  EXPECT_EQ(audit.entries(1).action(), "override.delete");
  EXPECT_TRUE(audit.chain_checked());
  v1::ListAuditEntriesRequest next_page;
  next_page.set_from_sequence(2);
  next_page.set_skip_chain_check(true);
  v1::ListAuditEntriesResponse page;
  ASSERT_TRUE(operator_stub_->ListAuditEntries(CallContext().get(), next_page, &page).ok());
  EXPECT_EQ(page.entries_size(), 1);
  EXPECT_FALSE(page.chain_checked());
}

TEST_F(ServerAdminTest, PrefixOverrideReachesItsAddresses) {
  ASSERT_TRUE(Set(v1::OBJECT_KIND_IP, "198.51.100.0/25", v1::VERDICT_MALICIOUS).ok());
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_IP, "198.51.100.5").status(), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_IP, "198.51.100.200").status(),
            v1::ANSWER_STATUS_NOT_LISTED);
}

TEST_F(ServerAdminTest, OverridesComeInPages) {
  for (char digit = '0'; digit <= '6'; ++digit) {
    ASSERT_TRUE(Set(v1::OBJECT_KIND_FILE, std::string(64, digit), v1::VERDICT_MALICIOUS).ok());
  }
  v1::ListOverridesRequest request;
  request.set_page_size(3);
  std::string seen;
  int pages = 0;
  do {
    v1::ListOverridesResponse page;
    ASSERT_TRUE(operator_stub_->ListOverrides(CallContext().get(), request, &page).ok());
    for (const v1::Override& value : page.overrides()) seen += value.object().text()[0];
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, "0123456");
  EXPECT_EQ(pages, 3);
  request.set_page_token("zz");
  v1::ListOverridesResponse page;
  EXPECT_EQ(operator_stub_->ListOverrides(CallContext().get(), request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServerAdminTest, BadOverridesAreRefusedNamingTheField) {
  EXPECT_THAT(Set(v1::OBJECT_KIND_HOST, "co.uk", v1::VERDICT_MALICIOUS).error_message(),
              HasSubstr("public suffix"));
  EXPECT_THAT(Set(v1::OBJECT_KIND_FILE, std::string(32, 'a'), v1::VERDICT_TRUSTED).error_message(),
              HasSubstr("SHA-256"));
  EXPECT_EQ(Set(v1::OBJECT_KIND_HOST, "x.example", v1::VERDICT_UNSPECIFIED).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServerAdminTest, AlteredPackIsRefusedWhileTheOldDataServes) {
  feed_.PublishDelta({ListingOf(ObjectKind::kFile, std::string(64, 'd'), Verdict::kMalicious)});
  auto& pack = feed_.upstream().target_files.at(SpooledFeed::TargetName(feed_.chain().back()));
  const std::string genuine = pack;
  pack[pack.size() / 2] ^= 1;
  feed_.HandOver();
  ASSERT_NO_FATAL_FAILURE(ExpectRefused("target_hash_mismatch"));
  v1::Feed feed = TheFeed();
  EXPECT_EQ(feed.health(), v1::FEED_HEALTH_UPDATE_REFUSED);
  EXPECT_EQ(feed.version(), 1u);
  EXPECT_EQ(feed.reject_reason(), "target_hash_mismatch");
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'a')).status(),
            v1::ANSWER_STATUS_LISTED);
  EXPECT_THAT(FetchMetrics(MetricsAddress()),
              HasSubstr("cloister_update_rejections_total{feed=\"threats\","
                        "reason=\"target_hash_mismatch\"} 1"));
  pack = genuine;
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  feed = TheFeed();
  EXPECT_EQ(feed.health(), v1::FEED_HEALTH_SERVING);
  EXPECT_EQ(feed.reject_reason(), "");
}

TEST_F(ServerAdminTest, MetricsCountWithoutSayingWhatWasAsked) {
  LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'a'));
  LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'c'));
  v1::LookupResponse answer;
  Lookup(v1::OBJECT_KIND_FILE, "short", &answer);
  const std::string metrics = FetchMetrics(MetricsAddress());
  for (const char* line : {
           "cloister_lookups_total{method=\"Lookup\",status=\"listed\"} 1",
           "cloister_lookups_total{method=\"Lookup\",status=\"not_listed\"} 1",
           "cloister_requests_total{method=\"Lookup\",code=\"ok\"} 2",
           "cloister_requests_total{method=\"Lookup\",code=\"invalid_argument\"} 1",
           "cloister_request_duration_seconds_count{method=\"Lookup\"} 3",
           "cloister_feed_version{feed=\"threats\"} 1",
           "cloister_feed_records{feed=\"threats\"} 5",
           "cloister_feed_update_refused{feed=\"threats\"} 0",
           "cloister_updates_total{feed=\"threats\"} 1",
           "cloister_update_rejections_total{feed=\"threats\",reason=\"pack_foreign\"} 0",
           "cloister_overrides 0",
           "cloister_tls_certificate_expiry_timestamp_seconds ",
           "process_resident_memory_bytes ",
       }) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
  EXPECT_THAT(metrics, Not(HasSubstr(std::string(64, 'a'))));
  EXPECT_THAT(server_->errors(), Not(HasSubstr(std::string(64, 'a')))) << "a lookup was logged";
}

}  // namespace
}  // namespace cloister::testing
