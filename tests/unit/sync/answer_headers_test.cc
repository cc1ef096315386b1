#include "sync/transport/http/answer_headers.h"

#include <string>

#include "gtest/gtest.h"

namespace cloister::transport {
namespace {

TEST(ContentRangeTest, IsReadStrictly) {
  EXPECT_EQ(ParseContentRange("bytes 100-199/200"), (ContentRange{100, 199, 200}));
  EXPECT_EQ(ParseContentRange("bytes 0-0/*"), (ContentRange{0, 0, std::nullopt}));
  for (const char* bad :
       {"", "bytes", "bytes ", "bytes 1", "bytes 1-2", "bytes 1-2/", "bytes 2-1/3", "bytes 1-3/3",
        "bytes */3", "items 1-2/3", "bytes -1-2/3", "bytes +1-2/3", "bytes 1- 2/3", "bytes 1-2/3 ",
        "bytes 1-2/x", "bytes 99999999999999999999-99999999999999999999/*", "bytes=1-2/3"}) {
    EXPECT_EQ(ParseContentRange(bad), std::nullopt) << bad;
  }
}

TEST(RetryAfterTest, IsSecondsOrATime) {
  constexpr char kDate[] = "Fri, 31 Dec 1999 23:59:00 GMT";
  struct Case {
    const char* value;
    const char* date;
    std::optional<absl::Duration> expected;
  };
  const Case cases[] = {
      {"0", "", absl::ZeroDuration()},
      {"120", "", absl::Seconds(120)},
      {"99999999", "", absl::Hours(24)},  // no server stops updates for longer
      {"99999999999999999999999", "", std::nullopt},
      {"-5", "", std::nullopt},
      {"soon", "", std::nullopt},
      {"", "", std::nullopt},
      {"Fri, 31 Dec 1999 23:59:59 GMT", kDate, absl::Seconds(59)},
      {"Fri, 31 Dec 1999 23:00:00 GMT", kDate, absl::ZeroDuration()},
      {"Fri, 31 Dec 2100 23:59:59 GMT", kDate, absl::Hours(24)},
      {"Fri, 31 Dec 1999 23:59:59 GMT", "", std::nullopt},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ParseRetryAfter(c.value, c.date), c.expected) << c.value;
  }
}

TEST(TagOfContentTest, IsAHashOfTheBodyAndNothingElse) {
  const std::string body = "abc";
  for (const char* good :
       {"\"900150983cd24fb0d6963f7d28e17f72\"", "W/\"900150983cd24fb0d6963f7d28e17f72\"",
        "\"a9993e364706816aba3e25717850c26c9cd0d89d\"",
        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""}) {
    EXPECT_TRUE(IsTagOfContent(good, body)) << good;
    EXPECT_FALSE(IsTagOfContent(good, "abd")) << good;
  }
  // What web servers make of time and length, or of whom they are talking to.
  for (const char* other :
       {"", "\"\"", "\"65f0c1a2-3\"", "\"customer-7\"", "900150983cd24fb0d6963f7d28e17f72",
        "\"900150983cd24fb0d6963f7d28e17f72-7\"", "\"900150983CD24FB0D6963F7D28E17F72\"",
        "\"900150983cd24fb0d6963f7d28e17f72\" "}) {
    EXPECT_FALSE(IsTagOfContent(other, body)) << other;
  }
}

}  // namespace
}  // namespace cloister::transport
