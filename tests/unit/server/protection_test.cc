#include "server/protection/protected_objects.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using reputation::LookupKey;
using reputation::LookupKeys;
using reputation::Object;
using reputation::ObjectKind;
using reputation::Scope;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

LookupKey HostKey(absl::string_view name) { return LookupKey::ForHost(name); }
LookupKey NetworkKey(absl::string_view text) {
  return LookupKey::ForIpPrefix(*reputation::IpPrefix::Parse(text));
}
LookupKey FileKey(absl::string_view hex) {
  return LookupKey::ForFile(*reputation::Digest::FromHex(hex));
}

class ProtectionTest : public ::testing::Test {
 protected:
  void Build() { ASSERT_OK_AND_ASSIGN(protection_, BuildProtectedObjects(config_, &passed_over_)); }
  std::optional<std::string> Lists(const LookupKey& key, Scope scope = Scope::kExact) const {
    return protection_->Protects(key, scope);
  }
  // What an answer about `text` would condemn by a record under the key whose expression is
  // `matched`.
  std::optional<std::string> Answer(ObjectKind kind, const std::string& text,
                                    const std::string& matched, Scope scope = Scope::kExact) {
    LookupKeys keys = Object::Parse(kind, text)->Keys(/*with_expressions=*/true);
    reputation::PrefixLengths lengths;
    for (size_t length : {8, 16, 24}) lengths.v4.set(length);
    reputation::AddIpPrefixes(lengths, &keys);
    for (size_t i = 0; i < keys.expressions.size(); ++i) {
      if (keys.expressions[i] == matched) return protection_->ProtectsAnswer(keys.keys, i, scope);
    }
    return absl::StrCat("no key ", matched);
  }
  std::string Write(const std::string& name, absl::string_view text) {
    const std::string path = directory_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }

  const testing::TemporaryDirectory directory_;
  ProtectionConfig config_;
  uint64_t passed_over_ = 0;
  std::unique_ptr<ProtectedObjects> protection_;
};

struct TextRow {
  const char* name;
  ObjectKind kind;
  const char* text;
  Scope scope;
  const char* mask;  // null: none
};

class ProtectionByTextTest : public ProtectionTest,
                             public ::testing::WithParamInterface<TextRow> {};

TEST_P(ProtectionByTextTest, TellsWhatKeysHide) {
  config_.own_domains = {"bank.example"};
  ASSERT_NO_FATAL_FAILURE(Build());
  const TextRow& row = GetParam();
  const std::optional<std::string> mask = protection_->ProtectsText(row.kind, row.text, row.scope);
  EXPECT_EQ(mask.value_or("none"), row.mask == nullptr ? "none" : row.mask);
}

constexpr TextRow kTextRows[] = {
    {"WildcardSuffix", ObjectKind::kHost, "any.ck", Scope::kExact, "public suffix any.ck"},
    {"ExceptionOfAWildcard", ObjectKind::kHost, "www.ck", Scope::kExact, nullptr},
    {"BelowAWildcardSuffix", ObjectKind::kHost, "shop.any.ck", Scope::kSubtree, nullptr},
    {"SiteOfAWildcardSuffix", ObjectKind::kUrl, "any.ck/", Scope::kSubtree, "public suffix any.ck"},
    {"OwnSite", ObjectKind::kUrl, "bank.example/", Scope::kSubtree, "own domain bank.example"},
    {"OwnSiteWithPort", ObjectKind::kUrl, "bank.example:8443/", Scope::kSubtree,
     "own domain bank.example"},
    {"SiteBelow", ObjectKind::kUrl, "a.bank.example/", Scope::kSubtree, "own domain bank.example"},
    {"SiteBelowWithPort", ObjectKind::kUrl, "a.b.bank.example:1/", Scope::kSubtree,
     "own domain bank.example"},
    {"NameBelow", ObjectKind::kHost, "a.bank.example", Scope::kExact, "own domain bank.example"},
    {"FirstPageAlone", ObjectKind::kUrl, "a.bank.example/", Scope::kExact, nullptr},
    {"PageBelow", ObjectKind::kUrl, "a.bank.example/x/", Scope::kSubtree, nullptr},
    {"PageWithASlashAtItsEnd", ObjectKind::kUrl, "a.bank.example/?/", Scope::kSubtree, nullptr},
    {"AnotherName", ObjectKind::kHost, "notbank.example", Scope::kSubtree, nullptr},
    {"NoName", ObjectKind::kUrl, "[2001:db8::1]:80/", Scope::kSubtree, nullptr},
    {"Software", ObjectKind::kSoftware, "any.ck", Scope::kSubtree, nullptr},
};
INSTANTIATE_TEST_SUITE_P(All, ProtectionByTextTest, ::testing::ValuesIn(kTextRows),
                         [](const auto& row) { return row.param.name; });

TEST_F(ProtectionTest, WildcardSuffixesAreNotProtectedUnlessAskedFor) {
  config_.public_suffixes = false;
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_EQ(protection_->ProtectsText(ObjectKind::kHost, "any.ck", Scope::kExact), std::nullopt);
}

TEST_F(ProtectionTest, NothingIsNoMalware) {
  ASSERT_NO_FATAL_FAILURE(Build());
  for (const char* digest :
       {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e"}) {
    EXPECT_THAT(Lists(FileKey(digest)), Optional(std::string("empty file")));
    EXPECT_THAT(Answer(ObjectKind::kFile, digest, digest), Optional(std::string("empty file")));
  }
  EXPECT_EQ(Lists(FileKey(std::string(64, 'e'))), std::nullopt);
}

TEST_F(ProtectionTest, OnlyThreatsAreMasked) {
  using reputation::Verdict;
  for (Verdict threat : {Verdict::kMalicious, Verdict::kUnwanted, Verdict::kSuspicious}) {
    EXPECT_TRUE(ProtectedObjects::Masks(threat));
  }
  for (Verdict harmless : {Verdict::kTrusted, Verdict::kKnown}) {
    EXPECT_FALSE(ProtectedObjects::Masks(harmless));
  }
}

TEST_F(ProtectionTest, PublicSuffixesAreSharedByStrangers) {
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_THAT(Lists(HostKey("co.uk")), Optional(std::string("public suffix co.uk")));
  EXPECT_THAT(Lists(HostKey("github.io")), Optional(HasSubstr("github.io")));
  EXPECT_THAT(Lists(HostKey("xn--p1ai")), Optional(HasSubstr("xn--p1ai")));
  EXPECT_EQ(Lists(HostKey("someone.github.io")), std::nullopt);
  EXPECT_EQ(Answer(ObjectKind::kHost, "a.someone.github.io", "someone.github.io"), std::nullopt);
  config_.public_suffixes = false;
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_EQ(Lists(HostKey("co.uk")), std::nullopt);
}

TEST_F(ProtectionTest, HostsThatManyShareAreNotCondemnedForAPage) {
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_THAT(Lists(HostKey("github.com")),
              Optional(std::string("shared host (code host) github.com")));
  EXPECT_THAT(Answer(ObjectKind::kUrl, "http://bit.ly/x", "bit.ly"),
              Optional(HasSubstr("shared host (shortener) bit.ly")));
  // A name below it is somebody's own.
  EXPECT_EQ(Lists(HostKey("somebody.github.com")), std::nullopt);
  config_.shared_hosts = false;
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_EQ(Lists(HostKey("github.com")), std::nullopt);
}

TEST_F(ProtectionTest, AWiderListingDoesNotReachWhatIsProtected) {
  config_.own_domains = {"intern.bank.example"};
  config_.warning_lists = {
      Write("list.json", R"({"name": "Top", "type": "string", "list": ["www.shop.example"]})")};
  ASSERT_NO_FATAL_FAILURE(Build());
  // bank.example and everything below it is listed, and so is shop.example.
  EXPECT_THAT(Answer(ObjectKind::kHost, "a.intern.bank.example", "bank.example"),
              Optional(std::string("own domain intern.bank.example")));
  EXPECT_THAT(Answer(ObjectKind::kHost, "www.shop.example", "shop.example"),
              Optional(std::string("warning list Top: www.shop.example")));
  EXPECT_THAT(Answer(ObjectKind::kUrl, "http://www.shop.example/x", "shop.example"),
              Optional(HasSubstr("www.shop.example")));
  // The other names are answered for.
  for (const char* name : {"bank.example", "evil.bank.example"}) {
    EXPECT_EQ(Answer(ObjectKind::kHost, name, "bank.example"), std::nullopt) << name;
  }
  for (const char* name : {"shop.example", "x.www.shop.example"}) {
    EXPECT_EQ(Answer(ObjectKind::kHost, name, "shop.example"), std::nullopt) << name;
  }
}

TEST_F(ProtectionTest, OwnDomainsProtectWhatIsBelow) {
  config_.own_domains = {"bank.example", "mail.corp.internal"};
  ASSERT_NO_FATAL_FAILURE(Build());
  const std::string own = "own domain bank.example";
  EXPECT_THAT(Lists(HostKey("bank.example")), Optional(own));
  EXPECT_THAT(Answer(ObjectKind::kHost, "bank.example", "bank.example"), Optional(own));
  EXPECT_THAT(Answer(ObjectKind::kHost, "a.www.bank.example", "a.www.bank.example"), Optional(own));
  EXPECT_THAT(Answer(ObjectKind::kHost, "a.www.bank.example", "bank.example"), Optional(own));
  EXPECT_THAT(Answer(ObjectKind::kUrl, "http://www.bank.example/x", "www.bank.example"),
              Optional(own));
  // Its page may well be compromised; and what stands above it is not its own, though a record of
  // that does not reach what is.
  EXPECT_EQ(Answer(ObjectKind::kUrl, "http://www.bank.example/x", "www.bank.example/x"),
            std::nullopt);
  EXPECT_EQ(Answer(ObjectKind::kHost, "corp.internal", "corp.internal"), std::nullopt);
  EXPECT_EQ(Answer(ObjectKind::kHost, "x.corp.internal", "corp.internal"), std::nullopt);
  EXPECT_THAT(Answer(ObjectKind::kHost, "x.mail.corp.internal", "corp.internal"),
              Optional(std::string("own domain mail.corp.internal")));
  EXPECT_EQ(Answer(ObjectKind::kHost, "notbank.example", "notbank.example"), std::nullopt);
}

TEST_F(ProtectionTest, AWholeSiteIsItsHost) {
  config_.own_domains = {"bank.example"};
  ASSERT_NO_FATAL_FAILURE(Build());
  const std::string page = "http://bank.example/x";
  EXPECT_THAT(Answer(ObjectKind::kUrl, page, "bank.example/", Scope::kSubtree),
              Optional(std::string("own domain bank.example")));
  EXPECT_THAT(
      Answer(ObjectKind::kUrl, "http://www.bank.example/x", "bank.example/", Scope::kSubtree),
      Optional(HasSubstr("own domain")));
  EXPECT_EQ(Answer(ObjectKind::kUrl, page, "bank.example/", Scope::kExact), std::nullopt)
      << "the root page alone";
  EXPECT_EQ(Answer(ObjectKind::kUrl, page, "bank.example/x", Scope::kSubtree), std::nullopt);
  EXPECT_THAT(Lists(LookupKey::ForUrlExpression("co.uk/", false), Scope::kSubtree),
              Optional(std::string("public suffix co.uk")));
}

TEST_F(ProtectionTest, NetworksProtectTheirAddresses) {
  config_.own_networks = {"198.51.100.0/24", "2001:db8:7::/48"};
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_THAT(Lists(NetworkKey("198.51.100.7")),
              Optional(std::string("own network 198.51.100.0/24")));
  EXPECT_THAT(Lists(NetworkKey("198.51.0.0/16")), Optional(HasSubstr("own network")))
      << "it touches the network";
  EXPECT_EQ(Lists(NetworkKey("198.51.101.0/24")), std::nullopt);
  EXPECT_THAT(Lists(NetworkKey("2001:db8:7:1::/64")),
              Optional(std::string("own network 2001:db8:7::/48")));
  EXPECT_EQ(Lists(NetworkKey("2001:db8:8::/48")), std::nullopt);
  EXPECT_THAT(Answer(ObjectKind::kIp, "198.51.100.7", "198.51.0.0/16"),
              Optional(HasSubstr("own network")));
  EXPECT_EQ(Answer(ObjectKind::kIp, "198.51.101.7", "198.51.0.0/16"), std::nullopt)
      << "its other addresses are condemned still";
  EXPECT_THAT(Answer(ObjectKind::kUrl, "http://198.51.100.7/x", "198.51.100.7"),
              Optional(HasSubstr("own network")));
}

TEST_F(ProtectionTest, SpecialNetworksAreProtectedAndDocumentationIsNot) {
  ASSERT_NO_FATAL_FAILURE(Build());
  for (const char* text :
       {"10.1.2.3", "127.0.0.1", "192.168.0.0/16", "100.64.0.1", "0.0.0.0", "255.255.255.255",
        "224.0.0.251", "::1", "fe80::1", "fd00::/8", "ff02::fb", "0.0.0.0/0", "::/0"}) {
    EXPECT_THAT(Lists(NetworkKey(text)), Optional(HasSubstr("special-purpose"))) << text;
  }
  for (const char* text : {"11.0.0.0/8", "192.0.2.77", "2001:db8::1", "8.8.8.8", "172.32.0.0/12"}) {
    EXPECT_EQ(Lists(NetworkKey(text)), std::nullopt) << text;
  }
  config_.private_networks = false;
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_EQ(Lists(NetworkKey("10.1.2.3")), std::nullopt);
}

TEST_F(ProtectionTest, WarningListsOfEveryTypeAreRead) {
  const std::string digest(64, 'a');
  config_.warning_lists = {
      Write("names.json", R"({"name": "Names", "type": "string", "matching_attributes":
          ["hostname", "domain"], "list": [".GitHub.com", "b\u00fccher.example", "no name", 7]})"),
      Write("lists/hosts/list.json", R"({"name": "Hosts", "type": "hostname", "list":
          ["www.example.com"]})"),
      Write("lists/nets/list.json", R"({"name": "Nets", "type": "cidr", "list":
          ["9.9.9.9", "2620:fe::/48", "1.2.3.4/8"]})"),
      Write("hashes.json", absl::StrCat(R"({"name": "Hashes", "type": "string",
          "matching_attributes": ["sha256", "md5"], "list": [")",
                                        digest, R"(", ")", std::string(128, 'b'), R"("]})")),
      Write("regex.json", R"({"name": "Regex", "type": "regex", "list": ["/x/", "/y/"]})")};
  config_.shared_hosts = false;  // they hold github.com, too
  config_.warning_lists[1] = directory_ / "lists";
  config_.warning_lists.erase(config_.warning_lists.begin() + 2);
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_THAT(Lists(HostKey("github.com")),
              Optional(std::string("warning list Names: github.com")));
  EXPECT_THAT(Lists(HostKey("xn--bcher-kva.example")), Optional(HasSubstr("Names")));
  EXPECT_THAT(Lists(HostKey("www.example.com")),
              Optional(std::string("warning list Hosts: www.example.com")));
  EXPECT_EQ(Answer(ObjectKind::kHost, "x.www.example.com", "x.www.example.com"), std::nullopt)
      << "a list protects no more than it names";
  EXPECT_THAT(Answer(ObjectKind::kHost, "x.www.example.com", "www.example.com"),
              Optional(HasSubstr("Hosts")));
  EXPECT_THAT(Lists(NetworkKey("9.9.9.9")), Optional(std::string("warning list Nets: 9.9.9.9")));
  EXPECT_THAT(Lists(NetworkKey("2620:fe::9")), Optional(HasSubstr("2620:fe::/48")));
  EXPECT_THAT(Lists(FileKey(digest)), Optional(absl::StrCat("warning list Hashes: ", digest)));
  // "no name", 7, 1.2.3.4/8, a SHA-512, two expressions.
  EXPECT_EQ(passed_over_, 6u);
}

TEST_F(ProtectionTest, TheFirstSourceOfAnObjectIsNamed) {
  config_.own_domains = {"github.com"};
  config_.warning_lists = {
      Write("list.json", R"({"name": "Top", "type": "string", "list": ["github.com"]})")};
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_THAT(Lists(HostKey("github.com")), Optional(std::string("own domain github.com")));
  EXPECT_THAT(Answer(ObjectKind::kHost, "x.github.com", "x.github.com"),
              Optional(HasSubstr("own domain")));
}

TEST_F(ProtectionTest, MissingFilesAreNamed) {
  config_.warning_lists = {directory_ / "nowhere"};
  EXPECT_THAT(BuildProtectedObjects(config_, &passed_over_).status().message(),
              AllOf(HasSubstr(directory_ / "nowhere"), HasSubstr("No such file")));
  std::filesystem::create_directory(directory_ / "empty");
  config_.warning_lists = {directory_ / "empty"};
  EXPECT_THAT(BuildProtectedObjects(config_, &passed_over_).status().message(),
              HasSubstr("holds no list"));
}

TEST_F(ProtectionTest, RealWarningListsAreTaken) {
  const std::optional<std::string> lists = testing::SharedData("data/misp-warninglists-a");
  if (!lists) GTEST_SKIP() << testing::SharedDataHint("data/misp-warninglists-a");
  config_.warning_lists = {*lists};
  config_.shared_hosts = false;
  ASSERT_NO_FATAL_FAILURE(Build());
  EXPECT_GT(protection_->size(), 100'000u);
  for (const char* name : {"google.com", "github.com", "dns.google", "bit.ly"}) {
    EXPECT_THAT(Lists(HostKey(name)), Optional(HasSubstr("warning list"))) << name;
  }
  // The addresses of dns.google, and one of Cloudflare.
  for (const char* address : {"8.8.8.8", "8.8.4.4", "1.1.1.1", "104.16.0.1"}) {
    EXPECT_THAT(Answer(ObjectKind::kIp, address, address), Optional(HasSubstr("warning list")))
        << address;
  }
  // A file of one newline, which indicator lists hold all too often.
  EXPECT_THAT(Lists(FileKey("01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b")),
              Optional(HasSubstr("warning list")));
  // Substrings (8,201 and 141), application ids (4), digests and names that no key stands for.
  EXPECT_GE(passed_over_, 8'346u);
  EXPECT_LT(passed_over_, 8'500u);
  EXPECT_EQ(Lists(HostKey("evil.example")), std::nullopt);
}

}  // namespace
}  // namespace cloister::server
