#include "server/log/event_log.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace cloister::server {
namespace {

TEST(EventLogTest, TextQuotesWhatNeedsIt) {
  EXPECT_EQ(FormatText("update refused",
                       {{"feed", "threats"}, {"cause", "a b"}, {"empty", ""}, {"quote", "a\"b"}}),
            "update refused feed=threats cause=\"a b\" empty=\"\" quote=\"a\\\"b\"");
}

// What comes from outside must not be able to forge a line.
TEST(EventLogTest, ValuesCannotStartANewLine) {
  const EventLog::Fields hostile = {{"cause", "x\n2030 error forged\r\x1b[2J"}};
  const std::string text = FormatText("m", hostile);
  EXPECT_EQ(text.find_first_of("\n\r\x1b"), std::string::npos);
  const std::string json = FormatJson("t", EventLog::Level::kError, "m", hostile);
  EXPECT_EQ(json.find_first_of("\n\r\x1b"), std::string::npos);
}

TEST(EventLogTest, JsonHoldsEveryField) {
  const auto event = nlohmann::json::parse(
      FormatJson("2026-01-01T00:00:00Z", EventLog::Level::kWarning, "m", {{"feed", "threats"}}));
  EXPECT_EQ(event["time"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(event["level"], "warning");
  EXPECT_EQ(event["message"], "m");
  EXPECT_EQ(event["feed"], "threats");
}

TEST(EventLogTest, BytesThatAreNoTextDoNotStopTheLog) {
  const std::string json = FormatJson("t", EventLog::Level::kInfo, "m", {{"x", "\xff\xfe"}});
  EXPECT_TRUE(nlohmann::json::parse(json, nullptr, false).is_object());
}

}  // namespace
}  // namespace cloister::server
