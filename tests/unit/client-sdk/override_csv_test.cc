#include "client-sdk/cli/override_csv.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cloister::cli {
namespace {

v1::Override SampleOverride(const std::string& text) {
  v1::Override one;
  one.mutable_object()->set_kind(v1::OBJECT_KIND_HOST);
  one.mutable_object()->set_text(text);
  one.set_verdict(v1::VERDICT_MALICIOUS);
  one.set_reason("why");
  one.set_actor("alice");
  return one;
}

TEST(OverrideCsvTest, NamesItsColumns) {
  EXPECT_EQ(OverrideCsvHeader(),
            "kind,value,verdict,scope,threat_name,categories,confidence,applies_to,valid_until,"
            "source\n");
}

TEST(OverrideCsvTest, SaysAllThatAnOverrideSays) {
  v1::Override one = SampleOverride("bad.example");
  one.set_scope(v1::SCOPE_SUBDOMAINS_ONLY);
  one.set_threat_name("Loader");
  one.add_categories(v1::CATEGORY_MALWARE);
  one.add_categories(v1::CATEGORY_BOTNET_C2);
  one.set_confidence(70);
  one.add_applies_to(v1::LOOKUP_CONTEXT_SENDER_DOMAIN);
  one.add_applies_to(v1::LOOKUP_CONTEXT_C2);
  one.mutable_valid_until()->set_seconds(1'900'000'800);
  EXPECT_EQ(OverrideCsvRow(one),
            "host,bad.example,malicious,subdomains_only,Loader,malware;botnet_c2,70,"
            "sender_domain;c2,2030-03-17T18:00:00Z,\"alice: why\"\n");
  EXPECT_EQ(OverrideCsvRow(SampleOverride("bad.example")),
            "host,bad.example,malicious,exact,,,,,,\"alice: why\"\n");
}

TEST(OverrideCsvTest, QuotesWhatCouldBeTakenForAnythingElse) {
  const struct {
    const char* text;
    const char* field;
  } kCases[] = {{"a.example/x-1_2;y:8", "a.example/x-1_2;y:8"},
                {"a,b", "\"a,b\""},
                {"say \"x\"", "\"say \"\"x\"\"\""},
                {"=1+1", "\"=1+1\""},
                {"#x", "\"#x\""},
                {" x", "\" x\""},
                {"b\xc3\xbc", "\"b\xc3\xbc\""}};
  for (const auto& [text, field] : kCases) {
    EXPECT_EQ(OverrideCsvRow(SampleOverride(text)),
              std::string("host,") + field + ",malicious,exact,,,,,,\"alice: why\"\n");
  }
}

}  // namespace
}  // namespace cloister::cli
