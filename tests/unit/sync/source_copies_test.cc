#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "sync/publisher/sources/header_files.h"
#include "sync/publisher/sources/web_url.h"
#include "sync/transport/http/retry_after.h"
#include "tests/unit/sync/source_fixture.h"

namespace cloister::publisher {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Request(const testing::ScriptedWebServer& server, size_t number) {
  const auto requests = server.requests();
  return number < requests.size() ? requests[number] : "no such request";
}

TEST_F(SourceCopiesTest, KeepsWhatWasFetchedOnceItIsAccepted) {
  Serve([](const std::string&, Connection& connection) {
    connection.Answer(200, "rows");
    return true;
  });
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy, Fetch(Source()));
  EXPECT_TRUE(copy.changed);
  EXPECT_EQ(copy.fetched_at, now_);
  EXPECT_EQ(copy.digest, "bc51e9e65d79e1c90ba544ab2eae1044ccdf8c1af7a559ba375cba4276f7d99e");
  EXPECT_EQ(Contents(copy), "rows");
  EXPECT_THAT(copies_->Last("a-feed"), HasCode(absl::StatusCode::kNotFound));
  EXPECT_EQ(Contents(copies_->Newest("a-feed")), "rows");

  ASSERT_THAT(copies_->Accept("a-feed"), IsOk());
  Restart();
  EXPECT_EQ(LastGood(), "rows");
}

TEST_F(SourceCopiesTest, AsksWithWhatTheServerCalledItsLastAnswer) {
  Serve([](const std::string&, Connection& connection) {
    if (absl::StrContains(connection.request(), "If-None-Match: W/\"any tag: 7\"\r\n") &&
        absl::StrContains(connection.request(),
                          "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT\r\n")) {
      connection.Answer(304, "");
      return true;
    }
    connection.Answer(200, "rows",
                      "ETag: W/\"any tag: 7\"\r\n"
                      "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n");
    return true;
  });
  ASSERT_THAT(FetchGood(Source()), IsOk());
  now_ += absl::Hours(1);
  Restart();
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy, Fetch(Source()));
  EXPECT_FALSE(copy.changed);
  EXPECT_EQ(copy.fetched_at, now_);
  Restart();
  ASSERT_OK_AND_ASSIGN(const FetchedCopy last, copies_->Last("a-feed"));
  EXPECT_EQ(last.fetched_at, now_);
  EXPECT_EQ(LastGood(), "rows");
}

TEST_F(SourceCopiesTest, SendsNoValidatorBackThatOthersReadAsMoreThanOneHeader) {
  std::string asked;
  Serve([&](const std::string&, Connection& connection) {
    asked = connection.request();
    connection.Answer(200, "rows", "ETag: \"1\"\rX-Smuggled: yes\r\n");
    return true;
  });
  ASSERT_THAT(FetchGood(Source()), IsOk());
  ASSERT_THAT(Fetch(Source()), IsOk());
  EXPECT_THAT(asked, Not(HasSubstr("Smuggled")));
}

TEST_F(SourceCopiesTest, TellsTheSameBytesFromOthersWhereTheServerDoesNot) {
  std::string body = "rows";
  Serve([&](const std::string&, Connection& connection) {
    connection.Answer(200, body);
    return true;
  });
  ASSERT_THAT(FetchGood(Source()), IsOk());
  ASSERT_OK_AND_ASSIGN(const FetchedCopy same, FetchGood(Source()));
  EXPECT_FALSE(same.changed);
  body = "other rows";
  ASSERT_OK_AND_ASSIGN(const FetchedCopy other, FetchGood(Source()));
  EXPECT_TRUE(other.changed);
  EXPECT_EQ(LastGood(), "other rows");
}

TEST_F(SourceCopiesTest, ACopyThatItsReaderRefusesLeavesTheGoodOne) {
  std::string body = "rows";
  Serve([&](const std::string&, Connection& connection) {
    connection.Answer(200, body);
    return true;
  });
  ASSERT_THAT(FetchGood(Source()), IsOk());
  body = "<html>please log in</html>";
  ASSERT_OK_AND_ASSIGN(const FetchedCopy refused, Fetch(Source()));
  EXPECT_EQ(Contents(refused), body);
  ASSERT_THAT(copies_->Discard("a-feed"), IsOk());
  EXPECT_EQ(LastGood(), "rows");
  EXPECT_EQ(Contents(copies_->Newest("a-feed")), "rows");
  EXPECT_FALSE(std::filesystem::exists(refused.path));
}

TEST_F(SourceCopiesTest, ACopyThatNobodyJudgedIsAskedForAsNewest) {
  Serve([](const std::string&, Connection& connection) {
    if (absl::StrContains(connection.request(), "If-None-Match: \"2\"")) {
      connection.Answer(304, "");
    } else {
      connection.Answer(200, "rows", "ETag: \"2\"\r\n");
    }
    return true;
  });
  ASSERT_THAT(Fetch(Source()), IsOk());
  Restart();  // as after a crash between fetch and build
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy, Fetch(Source()));
  EXPECT_TRUE(copy.changed);
  EXPECT_EQ(Contents(copy), "rows");
}

TEST_F(SourceCopiesTest, AnotherUrlMakesWhatIsHereCountForNothing) {
  Serve([](const std::string& path, Connection& connection) {
    connection.Answer(200, path, "ETag: \"2\"\r\n");
    return true;
  });
  ASSERT_THAT(FetchGood(Source("one.csv")), IsOk());
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy, Fetch(Source("two.csv")));
  EXPECT_THAT(Request(*server_, 1), Not(HasSubstr("If-None-Match")));
  EXPECT_EQ(Contents(copy), "/feeds/two.csv");
  EXPECT_THAT(copies_->Last("a-feed"), HasCode(absl::StatusCode::kNotFound));
}

// Whatever goes wrong, what was good stays.
struct BadAnswer {
  std::string name;
  std::function<void(Connection&)> answer;
  absl::StatusCode code;
  std::string message;
};

class BadAnswerTest : public SourceCopiesTest, public ::testing::WithParamInterface<BadAnswer> {};

TEST_P(BadAnswerTest, IsToldAndLeavesTheGoodCopy) {
  bool bad = false;
  Serve([&](const std::string&, Connection& connection) {
    if (!bad) {
      connection.Answer(200, "rows");
    } else {
      GetParam().answer(connection);
    }
    return !bad;
  });
  WebSource source = Source();
  source.max_bytes = 100;
  source.timeout = absl::Seconds(2);
  ASSERT_THAT(FetchGood(source), IsOk());
  bad = true;
  const auto fetched = Fetch(source);
  EXPECT_THAT(fetched, HasCode(GetParam().code));
  EXPECT_THAT(std::string(fetched.status().message()),
              AllOf(HasSubstr(GetParam().message), HasSubstr("https://127.0.0.1:"),
                    Not(HasSubstr("feed.csv"))));
  EXPECT_EQ(LastGood(), "rows");
  Restart();
  EXPECT_EQ(Contents(copies_->Newest("a-feed")), "rows");
}

std::string Header(absl::string_view line, absl::string_view rest) {
  return absl::StrCat("HTTP/1.1 200 OK\r\n", line, "\r\n\r\n", rest);
}

const BadAnswer kBadAnswers[] = {
    {"CutShort", [](Connection& c) { c.Send(Header("Content-Length: 50", "half")); }, kUnavailable,
     "closed"},
    {"ChunksThatDoNotEnd",
     [](Connection& c) { c.Send(Header("Transfer-Encoding: chunked", "4\r\nhalf\r\n")); },
     kUnavailable, ""},
    {"AnnouncedTooLarge", [](Connection& c) { c.Answer(200, std::string(101, 'x')); },
     absl::StatusCode::kResourceExhausted, "max_bytes"},
    {"TooLargeWithoutSayingSo",
     [](Connection& c) { c.Send(Header("Connection: close", std::string(101, 'x'))); },
     absl::StatusCode::kResourceExhausted, "max_bytes"},
    {"UnpackingToTooMuch",
     [](Connection& c) {
       c.Answer(200, Gzip(std::string(5000, 'x')), "Content-Encoding: gzip\r\n");
     },
     absl::StatusCode::kResourceExhausted, "max_bytes"},
    {"GzipCutShort",
     [](Connection& c) {
       c.Answer(200, Gzip("rows and rows").substr(0, 20), "Content-Encoding: gzip\r\n");
     },
     kUnavailable, "gzip content is cut short"},
    {"GzipDamaged",
     [](Connection& c) { c.Answer(200, "not gzip at all", "Content-Encoding: gzip\r\n"); },
     kUnavailable, "gzip content is damaged"},
    {"CodingNobodyAskedFor", [](Connection& c) { c.Answer(200, "x", "Content-Encoding: br\r\n"); },
     kUnavailable, "content coding"},
    {"NotThere", [](Connection& c) { c.Answer(404, "nothing"); }, absl::StatusCode::kNotFound,
     "look up the url"},
    {"Unauthorized", [](Connection& c) { c.Answer(401, "who are you"); },
     absl::StatusCode::kPermissionDenied, "header_files"},
    {"UnchangedOutOfTheBlue", [](Connection& c) { c.Answer(304, ""); }, kUnavailable,
     "nothing changed"},
    {"ServerError", [](Connection& c) { c.Answer(500, "oops"); }, kUnavailable, "answer 500"},
    {"PartialContent", [](Connection& c) { c.Answer(206, "ro"); }, kUnavailable, "answer 206"},
    {"HeaderWithoutEnd",
     [](Connection& c) {
       c.Send("HTTP/1.1 200 OK\r\n");
       for (int i = 0; i < 100; ++i) c.Send(absl::StrCat("X: ", std::string(1000, 'x'), "\r\n"));
     },
     kUnavailable, ""},
    {"TooSlow",
     [](Connection& c) {
       c.Send(Header("Content-Length: 50", "half"));
       c.WaitForClose(absl::Seconds(20));
     },
     kUnavailable, "timed out"},
    {"ToHttp",
     [](Connection& c) { c.Answer(302, "", "Location: http://127.0.0.1:1/feed.csv\r\n"); },
     kUnavailable, "not encrypted"},
    {"ToAFile", [](Connection& c) { c.Answer(302, "", "Location: file:///etc/passwd\r\n"); },
     kUnavailable, "must begin with https://"},
    {"InCircles", [](Connection& c) { c.Answer(301, "", "Location: /feeds/feed.csv\r\n"); },
     kUnavailable, "more than five times"},
};
INSTANTIATE_TEST_SUITE_P(All, BadAnswerTest, ::testing::ValuesIn(kBadAnswers),
                         [](const auto& info) { return info.param.name; });

TEST_F(SourceCopiesTest, UnpacksWhatIsPackedForItsWayAlone) {
  const std::string archive = Gzip("rows of an archive");
  Serve([&](const std::string& path, Connection& connection) {
    if (path == "/feeds/coded.csv") {
      connection.Answer(200, Gzip("some ") + Gzip("rows"), "Content-Encoding: gzip\r\n");
    } else {
      connection.Answer(200, archive, "Content-Type: application/gzip\r\n");
    }
    return true;
  });
  EXPECT_EQ(Contents(Fetch(Source("coded.csv"))), "some rows");
  EXPECT_EQ(Contents(Fetch(Source("archive.csv.gz"))), archive);
  EXPECT_THAT(Request(*server_, 0), HasSubstr("Accept-Encoding: gzip\r\n"));
}

TEST_F(SourceCopiesTest, SaysHowLongTheServerWantsToBeLeftInPeace) {
  Serve([](const std::string&, Connection& connection) {
    connection.Answer(429, "", "Retry-After: 120\r\n");
    return true;
  });
  const auto fetched = Fetch(Source());
  EXPECT_THAT(fetched, HasCode(kUnavailable));
  EXPECT_EQ(transport::RetryAfterOf(fetched.status()), absl::Seconds(120));
}

TEST_F(SourceCopiesTest, SendsSecretsToTheirOwnHostAloneAndTellsNobody) {
  testing::ScriptedWebServer other(
      [](const std::string&, Connection& connection) {
        connection.Answer(200, "rows from elsewhere");
        return true;
      },
      &certificates_.server);
  bool deny = false;
  Serve([&](const std::string& path, Connection& connection) {
    if (deny) {
      connection.Answer(403, "wrong key hunter2");
    } else if (path == "/feeds/feed.csv") {
      connection.Answer(302, "", "Location: /feeds/here\r\n");
    } else {
      connection.Answer(307, "", absl::StrCat("Location: ", other.url(), "there\r\n"));
    }
    return true;
  });
  WebSource source = Source();
  source.header_files["Auth-Key"] = Write("key", "  hunter2 \n");
  EXPECT_EQ(Contents(Fetch(source)), "rows from elsewhere");
  EXPECT_THAT(Request(*server_, 0), HasSubstr("Auth-Key: hunter2\r\n"));
  EXPECT_THAT(Request(*server_, 1), HasSubstr("Auth-Key: hunter2\r\n"));
  EXPECT_THAT(Request(other, 0), Not(HasSubstr("hunter2")));

  deny = true;
  const auto denied = Fetch(source);
  EXPECT_THAT(denied, HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(denied.status().message()),
              AllOf(HasSubstr("Auth-Key from "), HasSubstr(source.header_files["Auth-Key"]),
                    Not(HasSubstr("hunter2"))));
}

TEST_F(SourceCopiesTest, RefusesHeaderFilesThatHoldNoOneLine) {
  Serve([](const std::string&, Connection& connection) {
    connection.Answer(200, "rows");
    return true;
  });
  const struct {
    std::string header, text, message;
  } rows[] = {
      {"Auth-Key", "", "empty"},
      {"Auth-Key", "one\nHost: two", "one line"},
      {"Auth-Key", std::string(5000, 'x'), "longer than 4096"},
      {"Host", "example.org", "header_files"},
      {"If-None-Match", "\"x\"", "header_files"},
      {"Two Words", "x", "header_files"},
  };
  for (const auto& row : rows) {
    WebSource source = Source();
    source.header_files[row.header] = Write("key", row.text);
    const auto fetched = Fetch(source);
    EXPECT_THAT(fetched, HasCode(absl::StatusCode::kInvalidArgument)) << row.header;
    EXPECT_THAT(std::string(fetched.status().message()), HasSubstr(row.message));
  }
  WebSource source = Source();
  source.header_files["Auth-Key"] = directory_ / "absent";
  EXPECT_THAT(Fetch(source), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(server_->requests(), IsEmpty());
}

TEST_F(SourceCopiesTest, WarnsOfKeysThatEverybodyCanRead) {
  const std::string key = Write("key", "hunter2\n");
  EXPECT_THAT(HeaderFileWarnings({{"Auth-Key", key}}), IsEmpty());
  ASSERT_EQ(chmod(key.c_str(), 0644), 0);
  EXPECT_THAT(HeaderFileWarnings({{"Auth-Key", key}}),
              ElementsAre(AllOf(HasSubstr("chmod o-r"), Not(HasSubstr("hunter2")))));
}

TEST_F(SourceCopiesTest, TrustsNoCertificateThatNobodyVouchesFor) {
  Serve([](const std::string&, Connection& connection) {
    connection.Answer(200, "rows");
    return true;
  });
  WebSource source = Source();
  source.ca_file.clear();
  const auto fetched = Fetch(source);
  EXPECT_THAT(fetched, HasCode(kUnavailable));
  EXPECT_THAT(std::string(fetched.status().message()), HasSubstr("certificate"));
}

TEST_F(SourceCopiesTest, RefusesUrlsThatItMustNotFetch) {
  const struct {
    std::string url, message;
  } rows[] = {
      {"http://feeds.example/a", "allow_http"},
      {"file:///etc/passwd", "https://"},
      {"https://user:secret@feeds.example/a", "header_files"},
      {"https://feeds.example/a#b", "fragment"},
      {"feeds.example", ""},
      {"https://feeds.example/" + std::string(5000, 'a'), "4096"},
  };
  for (const auto& row : rows) {
    const auto parsed = ParseWebUrl(row.url, /*allow_http=*/false);
    EXPECT_THAT(parsed, HasCode(absl::StatusCode::kInvalidArgument)) << row.url;
    EXPECT_THAT(std::string(parsed.status().message()),
                AllOf(HasSubstr(row.message), Not(HasSubstr("secret"))));
  }
  EXPECT_THAT(ParseWebUrl("http://feeds.example/a", /*allow_http=*/true), IsOk());
  ASSERT_OK_AND_ASSIGN(const WebUrl url, ParseWebUrl("HTTPS://Feeds.Example:443/A?b=c", false));
  EXPECT_EQ(url.origin, "https://feeds.example");
}

TEST_F(SourceCopiesTest, EndsAtOnceWhenItIsToldTo) {
  const int stop = eventfd(0, EFD_CLOEXEC);
  Serve([&](const std::string&, Connection& connection) {
    connection.Send(Header("Content-Length: 50", "half"));
    const uint64_t one = 1;
    EXPECT_EQ(write(stop, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    connection.WaitForClose(absl::Seconds(20));
    return false;
  });
  copies_ = std::make_unique<SourceCopies>(directory_ / "copies", stop);
  EXPECT_THAT(Fetch(Source()), HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(copies_->Newest("a-feed"), HasCode(absl::StatusCode::kNotFound));
  close(stop);
}

TEST_F(SourceCopiesTest, OneProcessAtATime) {
  Serve([](const std::string&, Connection& connection) {
    connection.Answer(200, "rows");
    return true;
  });
  ASSERT_THAT(FetchGood(Source()), IsOk());
  SourceCopies second(directory_ / "copies");
  EXPECT_THAT(second.Fetch("a-feed", "csv", Source(), now_, nullptr),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(second.Last("a-feed"), IsOk());
}

TEST_F(SourceCopiesTest, FetchesAnewWhatAHandOrADiskSpoiled) {
  Serve([](const std::string&, Connection& connection) {
    connection.Answer(absl::StrContains(connection.request(), "If-None-Match") ? 304 : 200, "rows",
                      "ETag: \"1\"\r\n");
    return true;
  });
  ASSERT_THAT(FetchGood(Source()), IsOk());
  Write("copies/a-feed/copy.json", "{");
  EXPECT_EQ(Contents(FetchGood(Source())), "rows");
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy, copies_->Last("a-feed"));
  ASSERT_EQ(unlink(copy.path.c_str()), 0);
  EXPECT_EQ(Contents(Fetch(Source())), "rows");
}

TEST_F(SourceCopiesTest, NamesOfSourcesAreNoPaths) {
  for (const char* name : {"", ".", "..", "../x", "a/b", ".hidden"}) {
    EXPECT_THAT(copies_->Fetch(name, "csv", {}, now_, nullptr),
                HasCode(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(copies_->Last(name), HasCode(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace cloister::publisher
