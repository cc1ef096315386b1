// What a server can do to a client by the way it answers; see trust_attack_test.cc for what it can
// do by what it says. Each file of a run is answered so in turn, all others well.

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "sync/transport/http/http_fetcher.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::transport {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::RepositorySimulator;
using cloister::testing::ScriptedWebServer;
using reputation::RejectReason;
using Connection = ScriptedWebServer::Connection;

constexpr const char* kFiles[] = {"2.root.json", "timestamp.json", "2.snapshot.json",
                                  "2.targets.json"};

class TransportAttack : public ::testing::Test {
 protected:
  TransportAttack() : upstream_(now_) {
    upstream_.UpdateRoot();
    upstream_.UpdateTargets();
  }

  // A run of a new client against a server that answers `attacked` by `attack`.
  absl::Status Refresh(const std::string& attacked, const ScriptedWebServer::Handler& attack) {
    std::mutex mu;
    ScriptedWebServer server([&](const std::string& path, Connection& connection) {
      absl::string_view name = path;
      absl::ConsumePrefix(&name, "/feeds/metadata/");
      if (name == attacked) return attack(path, connection);
      std::lock_guard lock(mu);
      absl::StatusOr<std::string> bytes = upstream_.Metadata(name, 1 << 30);
      connection.Answer(bytes.ok() ? 200 : 404, bytes.ok() ? *bytes : "");
      return true;
    });
    HttpOptions options;
    options.low_speed_bytes_per_s = 1000;
    options.low_speed_time = absl::Seconds(1);
    auto fetcher = HttpFetcher::Create(*BaseUrl::Parse(server.url(), true), options);
    if (!fetcher.ok()) return fetcher.status();
    auto created = trust::Updater::Create(upstream_.InitialState(), trust::Limits());
    if (!created.ok()) return created.status();
    client_ = *std::move(created);
    return client_->Refresh(**fetcher, {.now = now_});
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'900'000'000);
  RepositorySimulator upstream_;
  std::unique_ptr<trust::Updater> client_;
};

TEST_F(TransportAttack, NoneIsNoHarm) {
  ASSERT_THAT(Refresh("", nullptr), IsOk());
  EXPECT_NE(client_->targets(), nullptr);
}

TEST_F(TransportAttack, SlowRetrieval) {
  const auto drip = [](const std::string&, Connection& connection) {
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
    while (!connection.WaitForClose(absl::Milliseconds(50))) connection.Send("x");
    return false;
  };
  for (const char* file : {"2.root.json", "timestamp.json"}) {
    EXPECT_THAT(Refresh(file, drip), HasCode(absl::StatusCode::kUnavailable)) << file;
    EXPECT_EQ(client_->targets(), nullptr);
  }
}

TEST_F(TransportAttack, EndlessData) {
  for (const char* file : kFiles) {
    const auto pour = [](const std::string&, Connection& connection) {
      connection.Send("HTTP/1.1 200 OK\r\n\r\n");
      while (connection.Send(std::string(65536, ' '))) {
      }
      return false;
    };
    EXPECT_THAT(Refresh(file, pour), IsRejectedFor(RejectReason::kMetadataTooLarge)) << file;
    EXPECT_EQ(client_->targets(), nullptr);
  }
}

TEST_F(TransportAttack, RedirectElsewhere) {
  for (const char* file : kFiles) {
    const auto redirect = [](const std::string&, Connection& connection) {
      connection.Answer(302, "", "Location: http://127.0.0.1:9/elsewhere\r\n");
      return true;
    };
    EXPECT_THAT(Refresh(file, redirect), HasCode(absl::StatusCode::kUnavailable)) << file;
  }
}

TEST_F(TransportAttack, TruncatedAnswer) {
  for (const char* file : kFiles) {
    const auto cut = [](const std::string&, Connection& connection) {
      connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"signed\":");
      return false;
    };
    EXPECT_THAT(Refresh(file, cut), HasCode(absl::StatusCode::kUnavailable)) << file;
  }
}

}  // namespace
}  // namespace cloister::transport
