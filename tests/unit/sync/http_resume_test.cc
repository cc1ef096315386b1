// Broken downloads, conditional requests, and what operators may configure of requests.

#include <cstdlib>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sync/transport/http/http_fetcher.h"
#include "sync/trust/hash.h"
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
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Connection = ScriptedWebServer::Connection;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
constexpr char kFile[] = "0123456789";

std::unique_ptr<HttpFetcher> FetcherFor(const std::string& url, const HttpOptions& options = {}) {
  auto base = BaseUrl::Parse(url, /*allow_http=*/true);
  EXPECT_THAT(base, IsOk());
  auto fetcher = HttpFetcher::Create(*base, options);
  EXPECT_THAT(fetcher, IsOk());
  return *std::move(fetcher);
}

// "127.0.0.1:12345" of a server.
std::string HostOf(const ScriptedWebServer& server) {
  std::string host = server.url().substr(server.url().find("//") + 2);
  return host.substr(0, host.find('/'));
}

// The bytes from `offset` on that a server with this handler brings.
struct Rest {
  absl::Status status;
  std::string bytes;
  std::vector<std::string> requests;
};
Rest FetchRest(ScriptedWebServer::Handler handler, uint64_t offset, uint64_t max_bytes = 10) {
  ScriptedWebServer server(std::move(handler));
  Rest rest;
  rest.status =
      FetcherFor(server.url())->Target("x", offset, max_bytes, [&](absl::string_view piece) {
        absl::StrAppend(&rest.bytes, piece);
        return absl::OkStatus();
      });
  rest.requests = server.requests();
  return rest;
}

TEST(HttpRangeTest, AsksForWhatIsMissing) {
  const Rest rest = FetchRest(
      [](const std::string&, Connection& connection) {
        connection.AnswerFile(kFile);
        return true;
      },
      4);
  EXPECT_THAT(rest.status, IsOk());
  EXPECT_EQ(rest.bytes, "456789");
  EXPECT_THAT(rest.requests, ElementsAre(HasSubstr("\r\nRange: bytes=4-\r\n")));
}

TEST(HttpRangeTest, PassesOverTheBeginningWhereTheServerSendsAll) {
  for (const uint64_t offset : {1, 9, 10, 11}) {
    const Rest rest = FetchRest(
        [](const std::string&, Connection& connection) {
          connection.Answer(200, kFile);
          return true;
        },
        offset);
    EXPECT_THAT(rest.status, IsOk());
    EXPECT_EQ(rest.bytes, std::string(kFile).substr(std::min<size_t>(offset, 10)));
  }
}

struct BadRangeCase {
  const char* name;
  int code;
  const char* headers;
};

class BadRangeTest : public ::testing::TestWithParam<BadRangeCase> {};

// Servers and caches get ranges wrong; the whole file, asked for plainly, is right all the same.
TEST_P(BadRangeTest, IsAnsweredByAskingForAll) {
  const Rest rest = FetchRest(
      [](const std::string&, Connection& connection) {
        if (absl::StrContains(connection.request(), "Range:")) {
          connection.Answer(GetParam().code, "wrong", GetParam().headers);
        } else {
          connection.Answer(200, kFile);
        }
        return true;
      },
      4);
  EXPECT_THAT(rest.status, IsOk());
  EXPECT_EQ(rest.bytes, "456789");
  EXPECT_THAT(rest.requests, ElementsAre(HasSubstr("Range: "), Not(HasSubstr("Range"))));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadRangeTest,
    ::testing::Values(BadRangeCase{"NotSatisfiable", 416, "Content-Range: bytes */3\r\n"},
                      BadRangeCase{"FromElsewhere", 206, "Content-Range: bytes 0-4/10\r\n"},
                      BadRangeCase{"Unreadable", 206, "Content-Range: bytes four to nine\r\n"},
                      BadRangeCase{"InSeveralParts", 206,
                                   "Content-Type: multipart/byteranges; boundary=x\r\n"}),
    [](const auto& info) { return info.param.name; });

TEST(HttpRangeTest, BoundsTheWholeFile) {
  const auto longer = [](const std::string&, Connection& connection) {
    connection.AnswerFile(absl::StrCat(kFile, "and more"));
    return true;
  };
  EXPECT_THAT(FetchRest(longer, 4).status, IsRejectedFor(RejectReason::kTargetTooLarge));
  // Also where the header does not say so.
  const Rest lied = FetchRest(
      [](const std::string&, Connection& connection) {
        connection.Send("HTTP/1.1 206 Text\r\nContent-Range: bytes 4-9/10\r\n\r\n");
        while (connection.Send(std::string(4096, 'x'))) {
        }
        return false;
      },
      4);
  EXPECT_THAT(lied.status, IsRejectedFor(RejectReason::kTargetTooLarge));
  EXPECT_LE(lied.bytes.size(), 6u);
}

TEST(HttpRangeTest, OtherAnswersKeepTheirMeaning) {
  for (const auto& [code, status] :
       {std::pair(404, absl::StatusCode::kNotFound), std::pair(500, kUnavailable)}) {
    const int answer = code;
    const Rest rest = FetchRest(
        [answer](const std::string&, Connection& connection) {
          connection.Answer(answer, "an error page");
          return true;
        },
        4);
    EXPECT_THAT(rest.status, HasCode(status));
    EXPECT_EQ(rest.bytes, "");
  }
}

// Trickles, to keep a connection and its reader for ever, are cut off where the file ends late.
TEST(HttpRangeTest, EndsATricklingDownload) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (!connection.WaitForClose(absl::Milliseconds(20))) connection.Send("x");
    return false;
  });
  HttpOptions options;
  options.low_speed_bytes_per_s = 1000;
  options.low_speed_time = absl::Seconds(1);
  uint64_t taken = 0;
  EXPECT_THAT(FetcherFor(server.url(), options)
                  ->Target("x", 0, 100'000,
                           [&](absl::string_view piece) {
                             taken += piece.size();
                             return absl::OkStatus();
                           }),
              HasCode(kUnavailable));
  EXPECT_GT(taken, 0u);  // what came is kept by whoever resumes
}

TEST(HttpFetcherTest, KeepsToTheBandwidth) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Answer(200, std::string(600'000, 'x'));
    return true;
  });
  HttpOptions options;
  options.max_bytes_per_s = 400'000;
  const absl::Time begin = absl::Now();
  EXPECT_THAT(FetcherFor(server.url(), options)
                  ->Target("x", 0, 600'000, [](absl::string_view) { return absl::OkStatus(); }),
              IsOk());
  EXPECT_GT(absl::Now() - begin, absl::Milliseconds(400));
}

class TimestampCacheTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Fetch(const std::string& name = "timestamp.json",
                                    uint64_t max_bytes = 100) {
    HttpOptions options;
    options.timestamp = &cache_;
    return FetcherFor(server_.url(), options)->Metadata(name, max_bytes);
  }
  void Serve(const std::string& body, const std::string& tag) {
    std::lock_guard lock(mu_);
    body_ = body;
    tag_ = tag;
  }
  static std::string TagOf(const std::string& body) {
    return absl::StrCat("\"", trust::HashHex("sha256", body), "\"");
  }

  bool Answer(Connection& connection) {
    std::lock_guard lock(mu_);
    if (absl::StrContains(connection.request(), absl::StrCat("If-None-Match: ", tag_, "\r\n"))) {
      connection.Send(absl::StrCat("HTTP/1.1 304 Not Modified\r\nETag: ", tag_, "\r\n\r\n"));
    } else {
      connection.Answer(200, body_, absl::StrCat("ETag: ", tag_, "\r\n"));
    }
    return true;
  }

  TimestampCache cache_;
  std::mutex mu_;  // guards what is served
  std::string body_;
  std::string tag_;
  // Serves `body_` under the tag `tag_`, and knows conditions.
  ScriptedWebServer server_{
      [this](const std::string&, Connection& connection) { return Answer(connection); }};
};

TEST_F(TimestampCacheTest, WhatIsUnchangedIsNotSentAgain) {
  Serve("signed", TagOf("signed"));
  EXPECT_EQ(*Fetch(), "signed");
  EXPECT_EQ(*Fetch(), "signed");
  EXPECT_THAT(server_.requests(), ElementsAre(Not(HasSubstr("If-None-Match")),
                                              HasSubstr("If-None-Match: " + TagOf("signed"))));
  Serve("signed anew", TagOf("signed anew"));
  EXPECT_EQ(*Fetch(), "signed anew");
  EXPECT_EQ(*Fetch(), "signed anew");
  EXPECT_THAT(server_.requests(), SizeIs(4));
}

TEST_F(TimestampCacheTest, IsForNoOtherFile) {
  Serve("signed", TagOf("signed"));
  EXPECT_EQ(*Fetch(), "signed");
  EXPECT_EQ(*Fetch("2.root.json"), "signed");
  EXPECT_THAT(server_.requests(), Each(Not(HasSubstr("If-None-Match"))));
}

TEST_F(TimestampCacheTest, ATagThatCouldTellCustomersApartIsNotSentBack) {
  for (const char* tag : {"\"customer-7\"", "W/\"5e1f-17a\""}) {
    Serve("signed", tag);
    EXPECT_EQ(*Fetch(), "signed");
    EXPECT_EQ(*Fetch(), "signed");
  }
  EXPECT_THAT(server_.requests(), Each(Not(HasSubstr("If-None-Match"))));
}

TEST_F(TimestampCacheTest, AnUnchangedFileThatWasNeverSentIsAnError) {
  ScriptedWebServer server([](const std::string&, Connection& connection) {
    connection.Send("HTTP/1.1 304 Not Modified\r\n\r\n");
    return false;
  });
  HttpOptions options;
  options.timestamp = &cache_;
  EXPECT_THAT(FetcherFor(server.url(), options)->Metadata("timestamp.json", 100),
              HasCode(kUnavailable));
}

// Every byte that is sent, in the three kinds of requests that there are.
TEST_F(TimestampCacheTest, RequestsHaveNothingElseInThem) {
  Serve("signed", TagOf("signed"));
  const std::string host = HostOf(server_);
  ASSERT_THAT(Fetch(), IsOk());
  ASSERT_THAT(Fetch(), IsOk());
  ASSERT_THAT(FetcherFor(server_.url())
                  ->Target("x", 4, 100, [](absl::string_view) { return absl::OkStatus(); }),
              IsOk());
  const std::string agent = "User-Agent: cloister-sync\r\nAccept: */*\r\n";
  EXPECT_THAT(
      server_.requests(),
      ElementsAre(absl::StrCat("GET /feeds/metadata/timestamp.json HTTP/1.1\r\nHost: ", host,
                               "\r\n", agent, "\r\n"),
                  absl::StrCat("GET /feeds/metadata/timestamp.json HTTP/1.1\r\nHost: ", host,
                               "\r\n", agent, "If-None-Match: ", TagOf("signed"), "\r\n\r\n"),
                  absl::StrCat("GET /feeds/targets/x HTTP/1.1\r\nHost: ", host,
                               "\r\nRange: bytes=4-\r\n", agent, "\r\n")));
}

TEST(RetryAfterTest, IsHandedOn) {
  ScriptedWebServer server([](const std::string& path, Connection& connection) {
    connection.Answer(503, "", path == "/feeds/metadata/a.json" ? "Retry-After: 77\r\n" : "");
    return true;
  });
  auto fetcher = FetcherFor(server.url());
  EXPECT_EQ(RetryAfterOf(fetcher->Metadata("a.json", 100).status()), absl::Seconds(77));
  EXPECT_EQ(RetryAfterOf(fetcher->Metadata("b.json", 100).status()), absl::ZeroDuration());
  EXPECT_EQ(RetryAfterOf(absl::OkStatus()), absl::ZeroDuration());
}

TEST(HttpProxyTest, GetsItsUserAndPassword) {
  ScriptedWebServer proxy([](const std::string& path, Connection& connection) {
    connection.Answer(200, path);
    return true;
  });
  HttpOptions options;
  options.proxy = proxy.url();
  options.proxy_user = "us";
  options.proxy_password = "se:cret";
  ASSERT_THAT(FetcherFor("http://feeds.invalid/x/", options)->Metadata("a.json", 100), IsOk());
  // "us:se:cret" in base 64.
  EXPECT_THAT(proxy.requests(),
              ElementsAre(HasSubstr("\r\nProxy-Authorization: Basic dXM6c2U6Y3JldA==\r\n")));
}

TEST(HttpProxyTest, AlsoForAnEncryptedSourceWhichDoesNotSeeThem) {
  ScriptedWebServer proxy([](const std::string&, Connection& connection) {
    connection.Answer(407, "", "Proxy-Authenticate: Basic realm=\"x\"\r\n");
    return false;
  });
  HttpOptions options;
  options.proxy = proxy.url();
  options.proxy_user = "us";
  options.proxy_password = "secret";
  const auto result = FetcherFor("https://feeds.invalid/x/", options)->Metadata("a.json", 100);
  EXPECT_THAT(result, HasCode(kUnavailable));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("407"));
  EXPECT_THAT(std::string(result.status().message()), Not(HasSubstr("secret")));
  ASSERT_THAT(proxy.requests(), Not(SizeIs(0)));
  EXPECT_THAT(proxy.requests()[0], HasSubstr("CONNECT feeds.invalid:443 HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.requests()[0], HasSubstr("Proxy-Authorization: Basic "));
}

class HttpsProxyTest : public ::testing::Test {
 protected:
  testing::TemporaryDirectory directory_;
  CertificateAuthority authority_{directory_.path(), "ca"};
  CertificateAuthority other_{directory_.path(), "other"};
  testing::CertificateFiles files_ = authority_.Issue(
      "server",
      {.common_name = "test", .subject_alternative_names = {"IP:127.0.0.1"}, .server = true});
};

TEST_F(HttpsProxyTest, IsSpokenToInTlsAndMustBeWhoItIs) {
  ScriptedWebServer proxy(
      [](const std::string& path, Connection& connection) {
        connection.Answer(200, path);
        return true;
      },
      &files_);
  HttpOptions options;
  options.proxy = proxy.url();
  options.proxy_ca_file = authority_.certificate();
  EXPECT_THAT(FetcherFor("http://feeds.invalid/x/", options)->Metadata("a.json", 100), IsOk());
  options.proxy_ca_file = other_.certificate();
  EXPECT_THAT(FetcherFor("http://feeds.invalid/x/", options)->Metadata("a.json", 100),
              HasCode(kUnavailable));
}

TEST_F(HttpsProxyTest, AClientCertificateOpensWhatIsClosed) {
  ScriptedWebServer server(
      [](const std::string&, Connection& connection) {
        connection.Answer(200, "for customers");
        return true;
      },
      &files_, authority_.certificate());
  HttpOptions options;
  options.ca_file = authority_.certificate();
  EXPECT_THAT(FetcherFor(server.url(), options)->Metadata("a.json", 100), HasCode(kUnavailable));
  const auto ours = authority_.Issue("client", {.common_name = "customer"});
  options.client_certificate = ours.certificate;
  options.client_key = ours.key;
  const auto result = FetcherFor(server.url(), options)->Metadata("a.json", 100);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*result, "for customers");
  const auto theirs = other_.Issue("stranger", {.common_name = "stranger"});
  options.client_certificate = theirs.certificate;
  options.client_key = theirs.key;
  EXPECT_THAT(FetcherFor(server.url(), options)->Metadata("a.json", 100), HasCode(kUnavailable));
}

}  // namespace
}  // namespace cloister::transport
