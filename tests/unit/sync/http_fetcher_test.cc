#include "sync/transport/http/http_fetcher.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::transport {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::CertificateAuthority;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::cloister::testing::ScriptedWebServer;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Connection = ScriptedWebServer::Connection;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

std::unique_ptr<HttpFetcher> FetcherFor(const std::string& url, const HttpOptions& options = {}) {
  auto base = BaseUrl::Parse(url, /*allow_http=*/true);
  EXPECT_THAT(base, IsOk());
  auto fetcher = HttpFetcher::Create(*base, options);
  EXPECT_THAT(fetcher, IsOk());
  return *std::move(fetcher);
}

// Fetches one file of metadata from a server that answers so.
absl::StatusOr<std::string> FetchFrom(ScriptedWebServer::Handler handler,
                                      const HttpOptions& options = {}) {
  ScriptedWebServer server(std::move(handler));
  return FetcherFor(server.url(), options)->Metadata("timestamp.json", 1000);
}

HttpOptions Impatient() {
  HttpOptions options;
  options.low_speed_bytes_per_s = 1000;
  options.low_speed_time = absl::Seconds(1);
  return options;
}

TEST(HttpFetcherTest, FetchesMetadataAndTargetsOverOneConnection) {
  ScriptedWebServer server([](const std::string& path, Connection& connection) {
    connection.Answer(200, path);
    return true;
  });
  auto fetcher = FetcherFor(server.url());
  ASSERT_OK_AND_ASSIGN(const std::string root, fetcher->Metadata("2.root.json", 100));
  EXPECT_EQ(root, "/feeds/metadata/2.root.json");
  std::string target;
  ASSERT_THAT(fetcher->Target("abc.full-1-1.sst", 0, 100,
                              [&](absl::string_view piece) {
                                absl::StrAppend(&target, piece);
                                return absl::OkStatus();
                              }),
              IsOk());
  EXPECT_EQ(target, "/feeds/targets/abc.full-1-1.sst");
}

TEST(HttpFetcherTest, SendsNothingThatTellsOneCustomerFromAnother) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Answer(200, "x", "Set-Cookie: id=7; Path=/\r\nETag: \"7\"\r\n");
    return true;
  });
  auto fetcher = FetcherFor(server.url());
  ASSERT_THAT(fetcher->Metadata("a.json", 100), IsOk());
  ASSERT_THAT(fetcher->Metadata("a.json", 100), IsOk());
  const std::string host = server.url().substr(7, server.url().size() - 7 - 7);
  EXPECT_THAT(
      server.requests(),
      AllOf(SizeIs(2), Each(absl::StrCat("GET /feeds/metadata/a.json HTTP/1.1\r\nHost: ", host,
                                         "\r\nUser-Agent: cloister-sync\r\n"
                                         "Accept: */*\r\n\r\n"))));
}

TEST(HttpFetcherTest, ObeysNoProxyOfTheEnvironment) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EXPECT_THAT(FetchFrom([](const std::string&, Connection& connection) {
                connection.Answer(200, "x");
                return true;
              }),
              IsOk());
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
}

TEST(HttpFetcherTest, AsksTheConfiguredProxyOnly) {
  ScriptedWebServer proxy([](const std::string& path, Connection& connection) {
    connection.Answer(200, path);
    return true;
  });
  HttpOptions options;
  options.proxy = proxy.url();
  EXPECT_EQ(*FetcherFor("http://feeds.invalid/x/", options)->Metadata("a.json", 100),
            "http://feeds.invalid/x/metadata/a.json");
}

struct AnswerCase {
  const char* name;
  int code;
  absl::StatusCode status;
};

class HttpAnswerTest : public ::testing::TestWithParam<AnswerCase> {};

TEST_P(HttpAnswerTest, HasItsMeaningAndItsBodyIsNotTaken) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Answer(GetParam().code, "an error page", "Location: /elsewhere\r\n");
    return true;
  });
  auto fetcher = FetcherFor(server.url());
  const auto metadata = fetcher->Metadata("9.root.json", 100);
  EXPECT_THAT(metadata, HasCode(GetParam().status));
  EXPECT_THAT(std::string(metadata.status().message()), HasSubstr(absl::StrCat(GetParam().code)));
  std::string got;
  EXPECT_THAT(fetcher->Target("x", 0, 100,
                              [&](absl::string_view piece) {
                                absl::StrAppend(&got, piece);
                                return absl::OkStatus();
                              }),
              HasCode(GetParam().status));
  EXPECT_EQ(got, "");
  EXPECT_THAT(server.requests(), SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(All, HttpAnswerTest,
                         ::testing::Values(AnswerCase{"NotFound", 404, absl::StatusCode::kNotFound},
                                           AnswerCase{"Forbidden", 403,
                                                      absl::StatusCode::kNotFound},
                                           AnswerCase{"Redirect", 302, kUnavailable},
                                           AnswerCase{"PermanentRedirect", 308, kUnavailable},
                                           AnswerCase{"ServerError", 500, kUnavailable},
                                           AnswerCase{"Overload", 503, kUnavailable},
                                           AnswerCase{"Partial", 206, kUnavailable}),
                         [](const auto& info) { return info.param.name; });

TEST(HttpFetcherTest, RefusesABodyAnnouncedTooLarge) {
  EXPECT_THAT(FetchFrom([](const std::string&, Connection& connection) {
                connection.Answer(200, std::string(1001, 'x'));
                return true;
              }),
              IsRejectedFor(RejectReason::kMetadataTooLarge));
}

TEST(HttpFetcherTest, TakesABodyOfTheGreatestLength) {
  EXPECT_THAT(FetchFrom([](const std::string&, Connection& connection) {
                connection.Answer(200, std::string(1000, 'x'));
                return true;
              }),
              IsOk());
}

TEST(HttpFetcherTest, EndsEndlessData) {
  uint64_t taken = 0;
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(4096, 'x');
    while (connection.Send(piece)) {
    }
    return false;
  });
  EXPECT_THAT(FetcherFor(server.url())
                  ->Target("x", 0, 50'000,
                           [&](absl::string_view piece) {
                             taken += piece.size();
                             return absl::OkStatus();
                           }),
              IsRejectedFor(RejectReason::kTargetTooLarge));
  EXPECT_LE(taken, 50'000u);
}

TEST(HttpFetcherTest, EndsEndlessHeaders) {
  EXPECT_THAT(FetchFrom([](const std::string&, Connection& connection) {
                connection.Send("HTTP/1.1 200 OK\r\n");
                while (connection.Send("X-More: and more and more and more and more\r\n")) {
                }
                return false;
              }),
              HasCode(kUnavailable));
}

TEST(HttpFetcherTest, EndsEndlessErrorPages) {
  EXPECT_THAT(FetchFrom([](const std::string&, Connection& connection) {
                connection.Send("HTTP/1.1 404 Text\r\n\r\n");
                while (connection.Send(std::string(4096, 'x'))) {
                }
                return false;
              }),
              HasCode(absl::StatusCode::kNotFound));
}

TEST(HttpFetcherTest, EndsSlowRetrieval) {
  const auto result = FetchFrom(
      [](const std::string&, Connection& connection) {
        connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
        while (!connection.WaitForClose(absl::Milliseconds(50))) {
          connection.Send("x");
        }
        return false;
      },
      Impatient());
  EXPECT_THAT(result, HasCode(kUnavailable));
}

TEST(HttpFetcherTest, EndsWaitingForAnAnswerThatDoesNotCome) {
  EXPECT_THAT(FetchFrom(
                  [](const std::string&, Connection& connection) {
                    connection.WaitForClose(absl::Seconds(60));
                    return false;
                  },
                  Impatient()),
              HasCode(kUnavailable));
}

TEST(HttpFetcherTest, ReportsATruncatedBody) {
  const auto result = FetchFrom([](const std::string&, Connection& connection) {
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nonly this");
    return false;
  });
  EXPECT_THAT(result, HasCode(kUnavailable));
}

TEST(HttpFetcherTest, ReportsAnAnswerThatIsNotHttp) {
  EXPECT_THAT(FetchFrom([](const std::string&, Connection& connection) {
                connection.Send("220 mail.example ESMTP\r\n");
                return false;
              }),
              HasCode(kUnavailable));
}

TEST(HttpFetcherTest, ReportsAServerThatIsNotThere) {
  std::string url;
  {
    ScriptedWebServer gone([](const std::string&, Connection&) { return false; });
    url = gone.url();
  }
  const auto result = FetcherFor(url)->Metadata("a.json", 100);
  EXPECT_THAT(result, HasCode(kUnavailable));
  EXPECT_THAT(std::string(result.status().message()), StartsWith(url));
}

TEST(HttpFetcherTest, StopsAtOnceWhenTold) {
  const int stop_fd = eventfd(0, EFD_CLOEXEC);
  absl::Notification asked;
  ScriptedWebServer server([&](const std::string&, Connection& connection) {
    asked.Notify();
    connection.WaitForClose(absl::Seconds(60));
    return false;
  });
  HttpOptions options;
  options.stop_fd = stop_fd;
  auto fetcher = FetcherFor(server.url(), options);
  std::thread stopper([&] {
    asked.WaitForNotification();
    const uint64_t one = 1;
    EXPECT_EQ(write(stop_fd, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  });
  EXPECT_THAT(fetcher->Metadata("a.json", 100), HasCode(absl::StatusCode::kCancelled));
  stopper.join();
  close(stop_fd);
}

TEST(HttpFetcherTest, HandsOnWhatTheSinkSays) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Answer(200, "x");
    return true;
  });
  EXPECT_THAT(
      FetcherFor(server.url())
          ->Target("x", 0, 100, [](absl::string_view) { return absl::DataLossError("disk"); }),
      HasCode(absl::StatusCode::kDataLoss));
}

TEST(HttpFetcherTest, AsksForPlainNamesOnly) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Answer(200, "x");
    return true;
  });
  auto fetcher = FetcherFor(server.url());
  for (const char* name : {"", ".", "..", "../x", "a/b", "a?b", "a#b", "a b", "a%2fb", "a\r\nb",
                           ".hidden", "\xc3\xa4"}) {
    EXPECT_THAT(fetcher->Metadata(name, 100), IsRejectedFor(RejectReason::kTargetUndescribed));
    EXPECT_THAT(fetcher->Target(name, 0, 100, [](absl::string_view) { return absl::OkStatus(); }),
                IsRejectedFor(RejectReason::kTargetUndescribed));
  }
  EXPECT_THAT(server.requests(), SizeIs(0));
}

class HttpsFetcherTest : public ::testing::Test {
 protected:
  // What a client that trusts `ca_file` gets from a server with a certificate for `name`.
  absl::StatusOr<std::string> Fetch(const std::string& name, const std::string& ca_file) {
    const auto files = authority_.Issue(
        "server", {.common_name = "test", .subject_alternative_names = {name}, .server = true});
    ScriptedWebServer server(
        [](const std::string&, Connection& connection) {
          connection.Answer(200, "encrypted");
          return true;
        },
        &files);
    HttpOptions options;
    options.ca_file = ca_file;
    return FetcherFor(server.url(), options)->Metadata("a.json", 100);
  }

  testing::TemporaryDirectory directory_;
  CertificateAuthority authority_{directory_.path(), "ca"};
  CertificateAuthority other_authority_{directory_.path(), "other"};
};

TEST_F(HttpsFetcherTest, TrustsTheConfiguredAuthority) {
  const auto result = Fetch("IP:127.0.0.1", authority_.certificate());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*result, "encrypted");
}

TEST_F(HttpsFetcherTest, RefusesAnotherAuthority) {
  EXPECT_THAT(Fetch("IP:127.0.0.1", other_authority_.certificate()), HasCode(kUnavailable));
  EXPECT_THAT(Fetch("IP:127.0.0.1", ""), HasCode(kUnavailable));
}

TEST_F(HttpsFetcherTest, RefusesAnotherHostsCertificate) {
  EXPECT_THAT(Fetch("DNS:elsewhere.invalid", authority_.certificate()), HasCode(kUnavailable));
}

TEST_F(HttpsFetcherTest, NamesAMissingAuthorityFile) {
  const auto result = Fetch("IP:127.0.0.1", directory_ / "none.pem");
  EXPECT_THAT(result, HasCode(kUnavailable));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("none.pem"));
}

struct UrlCase {
  const char* text;
  bool allow_http;
  const char* expected;  // the URL, or part of the message
  bool good;
};

TEST(BaseUrlTest, IsCheckedOnce) {
  const UrlCase cases[] = {
      {"https://feeds.example/threats/", false, "https://feeds.example/threats/", true},
      {"https://feeds.example/threats", false, "https://feeds.example/threats/", true},
      {"https://feeds.example", false, "https://feeds.example/", true},
      {"https://feeds.example:8443/x/", false, "https://feeds.example:8443/x/", true},
      {"http://feeds.example/", true, "http://feeds.example/", true},
      {"http://feeds.example/", false, "allow_http", false},
      {"ftp://feeds.example/", true, "https://", false},
      {"file:///srv/x/", true, "https://", false},
      {"feeds.example/threats", true, "no URL", false},
      {"", true, "no URL", false},
      {"https://", true, "no URL", false},
      {"https://user:secret@feeds.example/", false, "user or password", false},
      {"https://feeds.example/?customer=7", false, "query", false},
      {"https://feeds.example/?", false, "query", false},
      {"https://feeds.example/#x", false, "query", false},
  };
  for (const UrlCase& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = BaseUrl::Parse(c.text, c.allow_http);
    EXPECT_EQ(url.ok(), c.good) << url.status();
    if (url.ok()) {
      EXPECT_EQ(url->text(), c.expected);
    } else {
      EXPECT_THAT(std::string(url.status().message()), HasSubstr(c.expected));
    }
  }
  EXPECT_FALSE(BaseUrl::Parse("https://a/" + std::string(3000, 'x'), false).ok());
}

}  // namespace
}  // namespace cloister::transport
