#include "server/admin/override_request.h"

#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using reputation::LookupForm;
using reputation::Scope;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

v1::SetOverrideRequest Request(v1::ObjectKind kind, const std::string& text,
                               v1::Verdict verdict = v1::VERDICT_MALICIOUS,
                               v1::Scope scope = v1::SCOPE_UNSPECIFIED) {
  v1::SetOverrideRequest request;
  request.mutable_object()->set_kind(kind);
  request.mutable_object()->set_text(text);
  request.set_verdict(verdict);
  request.set_scope(scope);
  request.set_reason("ticket 17");
  return request;
}

absl::StatusOr<storage::Override> Parse(const v1::SetOverrideRequest& request) {
  absl::StatusOr<OverrideTarget> target = ParseOverrideTarget(request.object());
  if (!target.ok()) return target.status();
  if (absl::Status s = CheckReason(request.reason()); !s.ok()) return s;
  absl::StatusOr<v1::Override> wanted = WantedOverride(request, kNow);
  if (!wanted.ok()) return wanted.status();
  return ParseOverride(*wanted, *target, {"ops", request.reason(), kNow});
}

TEST(OverrideRequestTest, TakesAnObjectOfEachKindInCanonicalForm) {
  struct Case {
    v1::ObjectKind kind;
    std::string text;
    std::string canonical;
    LookupForm form;
  };
  const std::string sha256(64, 'A');
  const Case cases[] = {
      {v1::OBJECT_KIND_FILE, sha256, std::string(64, 'a'), LookupForm::kFileSha256},
      {v1::OBJECT_KIND_FILE, std::string(32, 'A'), std::string(32, 'a'), LookupForm::kFileMd5},
      {v1::OBJECT_KIND_URL, "http://Example.com/a?q", "example.com/a?q",
       LookupForm::kUrlExpression},
      {v1::OBJECT_KIND_HOST, "WWW.Example.com.", "www.example.com", LookupForm::kHostName},
      {v1::OBJECT_KIND_IP, "192.0.2.7", "192.0.2.7", LookupForm::kIpv4Prefix},
      {v1::OBJECT_KIND_IP, "192.0.2.0/24", "192.0.2.0/24", LookupForm::kIpv4Prefix},
      {v1::OBJECT_KIND_IP, "192.0.2.7/32", "192.0.2.7", LookupForm::kIpv4Prefix},
      {v1::OBJECT_KIND_IP, "2001:db8::/32", "2001:db8::/32", LookupForm::kIpv6Prefix},
      {v1::OBJECT_KIND_SOFTWARE, "pkg:deb/debian/curl@7.88.1", "pkg:deb/debian/curl@7.88.1",
       LookupForm::kSoftwarePurl},
  };
  for (const Case& c : cases) {
    absl::StatusOr<OverrideTarget> target = ParseOverrideTarget(Request(c.kind, c.text).object());
    ASSERT_TRUE(target.ok()) << c.text << ": " << target.status();
    EXPECT_EQ(target->text, c.canonical);
    EXPECT_EQ(target->key.form(), c.form) << c.text;
  }
}

TEST(OverrideRequestTest, KeyIsTheUrlsOwnExpression) {
  const auto target = ParseOverrideTarget(Request(v1::OBJECT_KIND_URL, "x.example/a?q").object());
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->key, reputation::LookupKey::ForUrlExpression("x.example/a?q", false));
}

TEST(OverrideRequestTest, PrefixReachesAllItsAddresses) {
  ASSERT_OK_AND_ASSIGN(storage::Override value, Parse(Request(v1::OBJECT_KIND_IP, "192.0.2.0/24")));
  EXPECT_EQ(value.record.scope, Scope::kSubtree);
  ASSERT_OK_AND_ASSIGN(storage::Override one, Parse(Request(v1::OBJECT_KIND_IP, "192.0.2.1")));
  EXPECT_EQ(one.record.scope, Scope::kExact);
}

// Names become public suffixes, and bounds grow narrower: what was set before must not stay for
// ever.
TEST(OverrideRequestTest, WhatIsNotSetAnyMoreCanStillBeNamed) {
  EXPECT_TRUE(ParseOverrideTarget(Request(v1::OBJECT_KIND_HOST, "github.io").object()).ok());
  EXPECT_TRUE(ParseOverrideTarget(Request(v1::OBJECT_KIND_IP, "0.0.0.0/0").object()).ok());
}

TEST(OverrideRequestTest, ValidityIsRoundedUpToTheHour) {
  v1::SetOverrideRequest request = Request(v1::OBJECT_KIND_HOST, "x.example");
  request.mutable_valid_for()->set_seconds(1);
  ASSERT_OK_AND_ASSIGN(storage::Override value, Parse(request));
  EXPECT_EQ(value.record.valid_until_hours, 1'800'000'000 / 3600 + 1);
  EXPECT_FALSE(value.record.ExpiredAt(kNow));
  request.mutable_valid_for()->set_seconds(3600);
  ASSERT_OK_AND_ASSIGN(storage::Override an_hour, Parse(request));
  EXPECT_EQ(an_hour.record.valid_until_hours, 1'800'000'000 / 3600 + 1);
  request.clear_valid_for();
  ASSERT_OK_AND_ASSIGN(storage::Override lasting, Parse(request));
  EXPECT_EQ(lasting.record.valid_until_hours, 0u);
}

struct BadOverride {
  const char* name;
  v1::SetOverrideRequest request;
  const char* says;
};

class BadOverrideTest : public ::testing::TestWithParam<BadOverride> {};

TEST_P(BadOverrideTest, IsRefusedNamingTheField) {
  const auto value = Parse(GetParam().request);
  ASSERT_THAT(value, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(value.status().message()), HasSubstr(GetParam().says));
}

template <typename Change>
v1::SetOverrideRequest Changed(Change change) {
  v1::SetOverrideRequest request = Request(v1::OBJECT_KIND_HOST, "x.example");
  change(request);
  return request;
}

INSTANTIATE_TEST_SUITE_P(
    Overrides, BadOverrideTest,
    ::testing::Values(
        BadOverride{"NoKind", Request(v1::OBJECT_KIND_UNSPECIFIED, "x"), "object.kind"},
        BadOverride{"KindOfANewerPeer", Request(static_cast<v1::ObjectKind>(99), "x"),
                    "object.kind: 99"},
        BadOverride{"NoText", Request(v1::OBJECT_KIND_URL, ""), "object.text"},
        BadOverride{"BadDigest", Request(v1::OBJECT_KIND_FILE, "abc"), "object.text"},
        BadOverride{"PublicSuffix", Request(v1::OBJECT_KIND_HOST, "co.uk"), "public suffix"},
        BadOverride{"PrivateSuffix", Request(v1::OBJECT_KIND_HOST, "github.io"), "public suffix"},
        BadOverride{"PrefixWithHostBits", Request(v1::OBJECT_KIND_IP, "192.0.2.7/24"),
                    "object.text"},
        BadOverride{"AllAddresses", Request(v1::OBJECT_KIND_IP, "0.0.0.0/0"), "wider than /8"},
        BadOverride{"AllAddressesOfIpv6", Request(v1::OBJECT_KIND_IP, "2000::/3"),
                    "wider than /16"},
        BadOverride{"PrefixTooLong", Request(v1::OBJECT_KIND_IP, "192.0.2.0/33"), "object.text"},
        BadOverride{"NoVerdict",
                    Request(v1::OBJECT_KIND_HOST, "x.example", v1::VERDICT_UNSPECIFIED), "verdict"},
        BadOverride{"VerdictOfANewerPeer",
                    Request(v1::OBJECT_KIND_HOST, "x.example", static_cast<v1::Verdict>(42)),
                    "verdict: 42"},
        BadOverride{"TrustByMd5",
                    Request(v1::OBJECT_KIND_FILE, std::string(32, 'a'), v1::VERDICT_TRUSTED),
                    "SHA-256"},
        BadOverride{"TrustBySha1",
                    Request(v1::OBJECT_KIND_FILE, std::string(40, 'a'), v1::VERDICT_TRUSTED),
                    "SHA-256"},
        BadOverride{"SubtreeOfAFile",
                    Request(v1::OBJECT_KIND_FILE, std::string(64, 'a'), v1::VERDICT_MALICIOUS,
                            v1::SCOPE_SUBTREE),
                    "scope"},
        BadOverride{"SubdomainsOfAUrl",
                    Request(v1::OBJECT_KIND_URL, "x.example/", v1::VERDICT_MALICIOUS,
                            v1::SCOPE_SUBDOMAINS_ONLY),
                    "scope"},
        BadOverride{"AllUrlsOfASuffix",
                    Request(v1::OBJECT_KIND_URL, "http://github.io:8080/", v1::VERDICT_TRUSTED,
                            v1::SCOPE_SUBTREE),
                    "public suffix"},
        BadOverride{"NoReason", Changed([](auto& r) { r.clear_reason(); }), "reason"},
        BadOverride{"BlankReason", Changed([](auto& r) { r.set_reason("  "); }), "reason"},
        BadOverride{"ReasonTooLong", Changed([](auto& r) { r.set_reason(std::string(1025, 'a')); }),
                    "1024"},
        BadOverride{"ReasonOfTwoLines", Changed([](auto& r) { r.set_reason("a\nb"); }), "one line"},
        BadOverride{"ThreatNameTooLong",
                    Changed([](auto& r) { r.set_threat_name(std::string(256, 'a')); }),
                    "threat_name"},
        BadOverride{"UnknownCategory",
                    Changed([](auto& r) { r.add_categories(static_cast<v1::Category>(99)); }),
                    "categories"},
        BadOverride{"TooConfident", Changed([](auto& r) { r.set_confidence(101); }), "confidence"},
        BadOverride{"NoContext",
                    Changed([](auto& r) { r.add_applies_to(v1::LOOKUP_CONTEXT_UNSPECIFIED); }),
                    "applies_to"},
        BadOverride{"NegativeValidity",
                    Changed([](auto& r) { r.mutable_valid_for()->set_seconds(-1); }), "valid_for"},
        BadOverride{"ValidityOfAges",
                    Changed([](auto& r) { r.mutable_valid_for()->set_seconds(1ll << 50); }),
                    "valid_for"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace cloister::server
