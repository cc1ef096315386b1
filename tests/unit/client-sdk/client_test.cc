// The client against a server that answers what the test tells it to.

#include "cloister/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/client-sdk/scripted_server.h"

namespace cloister {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScriptedServer;
using testing::TemporaryDirectory;
using testing::TestCertificates;

std::unique_ptr<Client> MustCreate(const ClientOptions& options) {
  std::string error;
  auto client = Client::Create(options, &error);
  EXPECT_NE(client, nullptr) << error;
  return client;
}

// A full answer, every field set.
grpc::Status AnswerFully(const v1::LookupRequest& request, v1::LookupResponse* response) {
  response->set_status(v1::ANSWER_STATUS_LISTED);
  response->set_canonical("example.com/x");
  response->set_cache_ttl_s(300);
  response->set_generation(7);
  auto* feed = response->add_feeds();
  feed->set_feed("threats");
  feed->set_version(3);
  feed->set_data_age_s(12);
  auto* match = response->add_matches();
  match->set_verdict(v1::VERDICT_MALICIOUS);
  match->set_confidence(90);
  match->add_categories(v1::CATEGORY_PHISHING);
  match->set_threat_name("Phish.Test");
  match->mutable_first_seen()->set_seconds(86400);
  match->mutable_last_seen()->set_seconds(2 * 86400);
  match->mutable_valid_until()->set_seconds(3 * 86400);
  match->mutable_software()->set_product("curl");
  match->mutable_software()->set_vendor("Debian");
  match->mutable_software()->set_version("7.88.1");
  match->set_prevalence_log2(5);
  match->set_scope(v1::SCOPE_SUBTREE);
  match->set_matched_expression(request.object().text());
  match->set_layer(v1::LAYER_KIND_FEED);
  match->set_feed("threats");
  match->set_feed_version(3);
  match->set_data_age_s(12);
  auto* outranked = response->add_matches();
  outranked->set_verdict(v1::VERDICT_KNOWN);
  return grpc::Status::OK;
}

TEST(ClientLookupTest, EveryFieldOfAnAnswerArrives) {
  ScriptedServer server;
  v1::LookupRequest asked;
  server.lookup = [&](const auto& request, auto* response) {
    asked = request;
    return AnswerFully(request, response);
  };
  const auto client = MustCreate(server.ForClient());
  const Answer answer =
      client->Lookup(Object::Url("http://example.com/x"), {.context = Context::kC2});
  EXPECT_EQ(asked.object().kind(), v1::OBJECT_KIND_URL);
  EXPECT_EQ(asked.context(), v1::LOOKUP_CONTEXT_C2);

  Match match;
  match.verdict = Verdict::kMalicious;
  match.confidence = 90;
  match.categories = {Category::kPhishing};
  match.threat_name = "Phish.Test";
  match.software = {"curl", "Debian", "7.88.1"};
  match.first_seen = TimePoint(std::chrono::seconds(86400));
  match.last_seen = TimePoint(std::chrono::seconds(2 * 86400));
  match.valid_until = TimePoint(std::chrono::seconds(3 * 86400));
  match.prevalence_log2 = 5;
  match.scope = Scope::kSubtree;
  match.matched_expression = "http://example.com/x";
  match.layer = Layer::kFeed;
  match.feed = "threats";
  match.feed_version = 3;
  match.data_age = std::chrono::seconds(12);
  ASSERT_EQ(answer.matches.size(), 2u) << answer.error_message;
  EXPECT_EQ(answer.matches[0], match);
  EXPECT_EQ(answer.matches[1].verdict, Verdict::kKnown);
  EXPECT_EQ(answer.status, AnswerStatus::kListed);
  EXPECT_EQ(answer.verdict(), Verdict::kMalicious);
  EXPECT_EQ(answer.canonical, "example.com/x");
  EXPECT_EQ(answer.cache_ttl, std::chrono::seconds(300));
  EXPECT_EQ(answer.generation, 7u);
  EXPECT_THAT(answer.feeds, ElementsAre(FeedState{"threats", 3, std::chrono::seconds(12)}));
  EXPECT_EQ(answer.error, ErrorKind::kNone);
}

TEST(ClientLookupTest, AnObjectThatCannotBeUnderstoodIsNotAskedAbout) {
  ScriptedServer server;
  bool asked = false;
  server.lookup = [&](const auto&, auto*) {
    asked = true;
    return grpc::Status::OK;
  };
  const auto client = MustCreate(server.ForClient());
  for (const Object& object :
       {Object::File("abc"), Object::Url("mailto:a@b.example"), Object::Host(""),
        Object::Ip("1.2.3"), Object::Software("curl"), Object{static_cast<ObjectKind>(77), "x"}}) {
    const Answer answer = client->Lookup(object);
    EXPECT_EQ(answer.status, AnswerStatus::kError) << object.text;
    EXPECT_EQ(answer.error, ErrorKind::kInvalidArgument) << object.text;
    EXPECT_FALSE(answer.error_message.empty()) << object.text;
  }
  EXPECT_FALSE(asked);
}

TEST(ClientLookupTest, StatusCodesBecomeErrorKinds) {
  const std::pair<grpc::StatusCode, ErrorKind> table[] = {
      {grpc::StatusCode::INVALID_ARGUMENT, ErrorKind::kInvalidArgument},
      {grpc::StatusCode::DEADLINE_EXCEEDED, ErrorKind::kDeadlineExceeded},
      {grpc::StatusCode::UNAVAILABLE, ErrorKind::kUnavailable},
      {grpc::StatusCode::UNAUTHENTICATED, ErrorKind::kPermissionDenied},
      {grpc::StatusCode::PERMISSION_DENIED, ErrorKind::kPermissionDenied},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, ErrorKind::kOverloaded},
      {grpc::StatusCode::UNIMPLEMENTED, ErrorKind::kProtocol},
      {grpc::StatusCode::INTERNAL, ErrorKind::kInternal},
      {grpc::StatusCode::UNKNOWN, ErrorKind::kInternal},
  };
  ScriptedServer server;
  std::atomic<grpc::StatusCode> code = grpc::StatusCode::OK;
  server.lookup = [&](const auto&, auto*) { return grpc::Status(code.load(), "because"); };
  const auto client = MustCreate(server.ForClient());
  for (const auto& [from, to] : table) {
    code = from;
    const Answer answer = client->Lookup(Object::Host("example.com"));
    EXPECT_EQ(answer.error, to) << from;
    EXPECT_EQ(answer.status, AnswerStatus::kError) << from;
    EXPECT_FALSE(answer.error_message.empty()) << from;
  }
}

TEST(ClientDeadlineTest, IsKeptWhenTheServerNeverAnswers) {
  ScriptedServer server;
  server.lookup = server.Never<v1::LookupRequest, v1::LookupResponse>();
  server.batch_lookup = server.Never<v1::BatchLookupRequest, v1::BatchLookupResponse>();
  const auto client = MustCreate(server.ForClient());
  const auto start = steady_clock::now();
  const Answer answer =
      client->Lookup(Object::Host("example.com"), {.deadline = milliseconds(150)});
  const auto one = steady_clock::now() - start;
  EXPECT_EQ(answer.error, ErrorKind::kDeadlineExceeded) << answer.error_message;
  EXPECT_GE(one, milliseconds(140));
  EXPECT_LT(one, milliseconds(3000));

  const auto batch_start = steady_clock::now();
  const auto answers = client->BatchLookup({Object::Host("a.example"), Object::Host("b.example")},
                                           {.deadline = milliseconds(150)});
  EXPECT_LT(steady_clock::now() - batch_start, milliseconds(3000));
  ASSERT_EQ(answers.size(), 2u);
  for (const Answer& each : answers) EXPECT_EQ(each.error, ErrorKind::kDeadlineExceeded);
  EXPECT_EQ(answers[1].canonical, "b.example");
}

TEST(ClientDeadlineTest, IsKeptWhenNothingTakesTheConnection) {
  // A socket that listens and never accepts: TCP connects, HTTP/2 does not answer.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ClientOptions options;
  options.servers = {"127.0.0.1:" + std::to_string(ntohs(address.sin_port))};
  options.plaintext = true;
  options.default_deadline = milliseconds(150);
  const auto client = MustCreate(options);
  const auto start = steady_clock::now();
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_LT(steady_clock::now() - start, milliseconds(3000));
  EXPECT_EQ(answer.error, ErrorKind::kDeadlineExceeded) << answer.error_message;
  close(listener);
}

TEST(ClientDeadlineTest, OneThatHasPassedIsAnErrorAtOnce) {
  ScriptedServer server;
  bool asked = false;
  server.lookup = [&](const auto& request, auto* response) {
    asked = true;
    return AnswerFully(request, response);
  };
  const auto client = MustCreate(server.ForClient());
  for (int i = 0; i < 100; ++i) {
    const Answer answer =
        client->Lookup(Object::Host("example.com"), {.deadline = milliseconds(-1)});
    EXPECT_EQ(answer.error, ErrorKind::kDeadlineExceeded);
  }
  EXPECT_FALSE(asked);
  const auto answers =
      client->BatchLookup({Object::Host("example.com")}, {.deadline = milliseconds(-1)});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].error, ErrorKind::kDeadlineExceeded);
}

TEST(ClientServersTest, OneThatCannotBeReachedIsUnavailable) {
  const testing::ClosedPort closed;
  ClientOptions options;
  options.servers = {closed.target()};
  options.plaintext = true;
  const auto client = MustCreate(options);
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_EQ(answer.error, ErrorKind::kUnavailable);
  EXPECT_THAT(answer.error_message, HasSubstr(options.servers[0]));
  const auto answers = client->BatchLookup({Object::Host("example.com"), Object::File("zz")});
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].error, ErrorKind::kUnavailable);
  EXPECT_EQ(answers[1].error, ErrorKind::kInvalidArgument);
}

TEST(ClientServersTest, TheNextIsAskedWhereTheFirstCannotBeReached) {
  ScriptedServer server;
  server.lookup = AnswerFully;
  const testing::ClosedPort closed;
  ClientOptions options = server.ForClient();
  options.servers.insert(options.servers.begin(), closed.target());
  const auto client = MustCreate(options);
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).status, AnswerStatus::kListed);
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).status, AnswerStatus::kListed);
}

TEST(ClientServersTest, TheNextIsAskedWhereTheFirstDoesNotAnswer) {
  ScriptedServer silent;
  silent.lookup = silent.Never<v1::LookupRequest, v1::LookupResponse>();
  ScriptedServer server;
  server.lookup = AnswerFully;
  ClientOptions options = silent.ForClient();
  options.servers.push_back(server.target());
  const auto client = MustCreate(options);
  EXPECT_EQ(client->Lookup(Object::Host("example.com"), {.deadline = milliseconds(1000)}).status,
            AnswerStatus::kListed);
}

TEST(ClientServersTest, UnixSocketsAreServersToo) {
  const TemporaryDirectory directory;
  ScriptedServer server(directory / "socket");
  server.lookup = AnswerFully;
  const auto client = MustCreate(server.ForClient());
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).status, AnswerStatus::kListed);
}

TEST(ClientServersTest, OneThatComesBackIsFoundAgain) {
  const TemporaryDirectory directory;
  auto server = std::make_unique<ScriptedServer>(directory / "socket");
  server->lookup = AnswerFully;
  const auto client = MustCreate(server->ForClient());
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).status, AnswerStatus::kListed);
  server = nullptr;
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).error, ErrorKind::kUnavailable);
  server = std::make_unique<ScriptedServer>(directory / "socket");
  server->lookup = AnswerFully;
  const auto give_up = steady_clock::now() + std::chrono::seconds(20);
  Answer answer;
  while (answer.status != AnswerStatus::kListed && steady_clock::now() < give_up) {
    answer = client->Lookup(Object::Host("example.com"));
  }
  EXPECT_EQ(answer.status, AnswerStatus::kListed) << answer.error_message;
}

TEST(ClientServersTest, ARestartBetweenTwoLookupsDoesNotShow) {
  const TemporaryDirectory directory;
  auto server = std::make_unique<ScriptedServer>(directory / "socket");
  server->lookup = AnswerFully;
  const auto client = MustCreate(server->ForClient());
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).status, AnswerStatus::kListed);
  server = nullptr;
  server = std::make_unique<ScriptedServer>(directory / "socket");
  server->lookup = AnswerFully;
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_EQ(answer.status, AnswerStatus::kListed) << answer.error_message;
}

class ClientTlsTest : public ::testing::Test {
 protected:
  ClientOptions As(const testing::CertificateFiles& files, const std::string& target) const {
    ClientOptions options;
    options.servers = {target};
    options.tls = {certificates_.authority.certificate(), files.certificate, files.key, ""};
    return options;
  }

  const TemporaryDirectory directory_;
  const TestCertificates certificates_{directory_.path()};
};

TEST_F(ClientTlsTest, BothSidesShowCertificates) {
  ScriptedServer server(&certificates_);
  server.lookup = AnswerFully;
  const auto client = MustCreate(As(certificates_.gateway, server.target()));
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_EQ(answer.status, AnswerStatus::kListed) << answer.error_message;
}

TEST_F(ClientTlsTest, AServerOfAnotherAuthorityIsRefused) {
  const TemporaryDirectory elsewhere;
  const TestCertificates others(elsewhere.path());
  ScriptedServer server(&others);
  server.lookup = AnswerFully;
  const auto client = MustCreate(As(certificates_.gateway, server.target()));
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_EQ(answer.error, ErrorKind::kPermissionDenied) << answer.error_message;
}

// One server whose certificate was forgotten must not take the others with it.
TEST_F(ClientTlsTest, TheNextIsAskedWhereTheFirstIsRefused) {
  const TemporaryDirectory elsewhere;
  const TestCertificates others(elsewhere.path());
  ScriptedServer refused(&others);
  ScriptedServer server(&certificates_);
  server.lookup = AnswerFully;
  ClientOptions options = As(certificates_.gateway, refused.target());
  options.servers.push_back(server.target());
  const auto client = MustCreate(options);
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_EQ(answer.status, AnswerStatus::kListed) << answer.error_message;
}

TEST_F(ClientTlsTest, AServerOfAnotherNameIsRefused) {
  ScriptedServer server(&certificates_);
  server.lookup = AnswerFully;
  ClientOptions options = As(certificates_.gateway, server.target());
  options.tls.server_name = "other.test.invalid";
  const auto client = MustCreate(options);
  const Answer answer = client->Lookup(Object::Host("example.com"));
  EXPECT_EQ(answer.error, ErrorKind::kPermissionDenied) << answer.error_message;
}

TEST_F(ClientTlsTest, AServerWithoutTlsIsNotAskedInTheClear) {
  ScriptedServer server;
  bool asked = false;
  server.lookup = [&](const auto&, auto*) {
    asked = true;
    return grpc::Status::OK;
  };
  const auto client = MustCreate(As(certificates_.gateway, server.target()));
  EXPECT_EQ(client->Lookup(Object::Host("example.com")).status, AnswerStatus::kError);
  EXPECT_FALSE(asked);
}

TEST(ClientTest, ManyThreadsMayAskAtOnce) {
  ScriptedServer server;
  server.lookup = AnswerFully;
  const auto client = MustCreate(server.ForClient());
  std::vector<std::thread> threads;
  std::atomic<int> listed{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const Answer answer =
            client->Lookup(Object::Host("example.com"), {.deadline = std::chrono::seconds(30)});
        if (answer.status == AnswerStatus::kListed) ++listed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(listed, 200);
}

}  // namespace
}  // namespace cloister
