#include "reputation/object.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> ExpressionsOf(const Object& object) {
  return object.Keys(true).expressions;
}

// One letter a key: e exact, p parent.
std::string Exactness(const LookupKeys& keys) {
  std::string letters;
  for (size_t i = 0; i < keys.keys.size(); ++i) letters += keys.IsExact(i) ? 'e' : 'p';
  return letters;
}

TEST(ObjectTest, CanonicalText) {
  const struct {
    ObjectKind kind;
    const char* text;
    const char* canonical;
  } kRows[] = {
      {ObjectKind::kFile, "44D88612FEA8A8F36DE82E1278ABB02F", "44d88612fea8a8f36de82e1278abb02f"},
      {ObjectKind::kUrl, "HTTPS://Example.com:443/%61?", "example.com/a?"},
      {ObjectKind::kHost, "Example.COM.", "example.com"},
      {ObjectKind::kIp, "[2001:DB8::1]", "2001:db8::1"},
      {ObjectKind::kSoftware, "pkg:DEB/Debian/curl", "pkg:deb/debian/curl"},
  };
  for (const auto& row : kRows) {
    ASSERT_OK_AND_ASSIGN(Object object, Object::Parse(row.kind, row.text));
    EXPECT_EQ(object.ToString(), row.canonical);
    EXPECT_EQ(object.kind(), row.kind);
  }
  std::string signer = "signer:" + std::string(64, 'A');
  EXPECT_EQ(Object::Software(signer)->ToString(), "signer:" + std::string(64, 'a'));
}

TEST(ObjectTest, RefusalsSayWhatToWrite) {
  const struct {
    ObjectKind kind;
    const char* text;
    const char* says;
  } kRows[] = {
      {ObjectKind::kFile, "abc", "64 (SHA-256), 40 (SHA-1) or 32 (MD5)"},
      {ObjectKind::kUrl, "mailto:a@example.com", "its scheme has none"},
      {ObjectKind::kHost, "192.0.2.1", "ask for kind ip"},
      {ObjectKind::kHost, "2001:db8::1", "ask for kind ip"},
      {ObjectKind::kHost, "*.example.com", "'*' cannot stand in it"},
      {ObjectKind::kIp, "192.0.2.0/24", "write 192.0.2.1 or 2001:db8::1"},
      {ObjectKind::kSoftware, "curl", "pkg:type/namespace/name"},
      {ObjectKind::kSoftware, "signer:44d88612fea8a8f36de82e1278abb02f", "64 hexadecimal digits"},
      {static_cast<ObjectKind>(9), "x", "file, url, host, ip or software"},
  };
  for (const auto& row : kRows) {
    absl::StatusOr<Object> object = Object::Parse(row.kind, row.text);
    EXPECT_THAT(object, HasCode(absl::StatusCode::kInvalidArgument)) << row.text;
    EXPECT_THAT(std::string(object.status().message()), HasSubstr(row.says)) << row.text;
  }
}

TEST(ObjectTest, UrlFallsBackToItsHost) {
  ASSERT_OK_AND_ASSIGN(Object url, Object::Url("http://a.example.com/x?y"));
  LookupKeys keys = url.Keys(true);
  EXPECT_THAT(keys.expressions, ElementsAre("a.example.com/x?y", "a.example.com/x",
                                            "a.example.com/", "example.com/x?y", "example.com/x",
                                            "example.com/", "a.example.com", "example.com"));
  EXPECT_EQ(Exactness(keys), "eeppppep");
  EXPECT_EQ(keys.exact_count, 2u);
}

TEST(ObjectTest, UrlFallsBackToItsAddress) {
  ASSERT_OK_AND_ASSIGN(Object url, Object::Url("http://[2001:db8::1]/"));
  LookupKeys keys = url.Keys(true);
  PrefixLengths lengths;
  lengths.v6.set(32);
  lengths.v4.set(24);
  AddIpPrefixes(lengths, &keys);
  EXPECT_THAT(keys.expressions, ElementsAre("[2001:db8::1]/", "2001:db8::1", "2001:db8::/32"));
  EXPECT_EQ(Exactness(keys), "eep");
}

// It can be asked about, and is a key of nothing else.
TEST(ObjectTest, PublicSuffixIsAKeyOfItselfOnly) {
  EXPECT_THAT(ExpressionsOf(*Object::Host("github.io")), ElementsAre("github.io"));
  EXPECT_THAT(ExpressionsOf(*Object::Host("someone.github.io")), ElementsAre("someone.github.io"));
  EXPECT_THAT(ExpressionsOf(*Object::Url("http://github.io/")), ElementsAre("github.io/"));
}

TEST(ObjectTest, Purl) {
  EXPECT_EQ(Exactness(Object::Software("pkg:deb/debian/curl@1?arch=amd64")->Keys(false)), "eep");
  EXPECT_THAT(ExpressionsOf(*Object::Software("pkg:deb/debian/curl?arch=amd64")),
              ElementsAre("pkg:deb/debian/curl?arch=amd64", "pkg:deb/debian/curl"));
  EXPECT_EQ(Exactness(Object::Software("pkg:deb/debian/curl?arch=amd64")->Keys(false)), "ee");
  EXPECT_EQ(Exactness(Object::Software("pkg:deb/debian/curl")->Keys(false)), "e");
}

TEST(ObjectTest, ExpressionsOnlyWhereAskedFor) {
  ASSERT_OK_AND_ASSIGN(Object ip, Object::Ip("192.0.2.1"));
  LookupKeys keys = ip.Keys(false);
  PrefixLengths lengths;
  lengths.v4.set(24);
  AddIpPrefixes(lengths, &keys);
  EXPECT_EQ(keys.keys.size(), 2u);
  EXPECT_TRUE(keys.expressions.empty());
}

TEST(AddIpPrefixesTest, LongestFirstAndOnlyThoseHeld) {
  ASSERT_OK_AND_ASSIGN(Object ip, Object::Ip("192.0.2.129"));
  LookupKeys keys = ip.Keys(true);
  PrefixLengths lengths;
  for (size_t length : {0, 8, 24, 25, 32}) lengths.v4.set(length);
  lengths.v6.set(64);
  AddIpPrefixes(lengths, &keys);
  EXPECT_THAT(keys.expressions, ElementsAre("192.0.2.129", "192.0.2.128/25", "192.0.2.0/24",
                                            "192.0.0.0/8", "0.0.0.0/0"));
  EXPECT_EQ(Exactness(keys), "epppp");
  for (size_t i = 1; i < keys.keys.size(); ++i) {
    EXPECT_EQ(keys.keys[i], LookupKey::ForIpPrefix(*IpPrefix::Parse(keys.expressions[i])));
  }
}

TEST(AddIpPrefixesTest, LeavesOtherKeysAlone) {
  PrefixLengths lengths;
  lengths.v4.set();
  lengths.v6.set();
  LookupKeys none;
  AddIpPrefixes(lengths, &none);
  EXPECT_TRUE(none.keys.empty());
  LookupKeys host = Object::Host("example.com")->Keys(false);
  AddIpPrefixes(lengths, &host);
  EXPECT_EQ(host.keys.size(), 1u);
  LookupKeys network;
  network.keys.push_back(LookupKey::ForIpPrefix(*IpPrefix::Parse("192.0.2.0/24")));
  AddIpPrefixes(lengths, &network);
  EXPECT_EQ(network.keys.size(), 1u);
}

TEST(ObjectTest, NeverMoreKeysThanTheLimit) {
  std::string deep = "http://";
  for (int i = 0; i < 121; ++i) deep += "a.";
  LookupKeys url = Object::Url(deep + "example.com:81/1/2/3/4/5?q")->Keys(false);
  EXPECT_EQ(url.keys.size(), 60u + 122u);
  PrefixLengths lengths;
  lengths.v6.set();
  LookupKeys address = Object::Url("http://[2001:db8::1]:81/1/2/3/4/5?q")->Keys(false);
  AddIpPrefixes(lengths, &address);
  EXPECT_EQ(address.keys.size(), 12u + 129u);
  EXPECT_LE(std::max(url.keys.size(), address.keys.size()), LookupKeys::kMaxKeys);
}

}  // namespace
}  // namespace cloister::reputation
