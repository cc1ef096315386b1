// Verdicts, refusals, coverage and digests: names, bounds and round trips.

#include <set>

#include "absl/strings/cord.h"
#include "gtest/gtest.h"
#include "reputation/coverage.h"
#include "reputation/digest.h"
#include "reputation/reject_reason.h"
#include "reputation/verdict.h"
#include "tests/support/status_matchers.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Enum, typename Name, typename FromName>
void ExpectNamesRoundTrip(int first, int last, Name name, FromName from_name) {
  std::set<absl::string_view> seen;
  for (int i = first; i <= last; ++i) {
    Enum value = static_cast<Enum>(i);
    EXPECT_TRUE(seen.insert(name(value)).second) << name(value) << " names two values";
    EXPECT_EQ(from_name(name(value)), value) << i;
  }
  EXPECT_EQ(name(static_cast<Enum>(last + 1)), "unknown");
  EXPECT_FALSE(from_name("unknown").has_value());
  EXPECT_FALSE(from_name("").has_value());
}

TEST(NamesTest, RoundTrip) {
  ExpectNamesRoundTrip<Verdict>(1, 5, VerdictName, VerdictFromName);
  ExpectNamesRoundTrip<Scope>(0, 2, ScopeName, ScopeFromName);
  ExpectNamesRoundTrip<LookupContext>(0, 4, LookupContextName, LookupContextFromName);
  ExpectNamesRoundTrip<Category>(1, 9, CategoryName, CategoryFromName);
}

TEST(NamesTest, AreExact) {
  EXPECT_EQ(AnswerStatusName(AnswerStatus::kNotCovered), "not_covered");
  EXPECT_EQ(AnswerStatusName(AnswerStatus::kPartial), "partial");
  EXPECT_EQ(ScopeName(Scope::kSubdomainsOnly), "subdomains_only");
  EXPECT_EQ(CategoryName(Category::kBotnetC2), "botnet_c2");
  EXPECT_FALSE(VerdictFromName("Malicious").has_value());
  EXPECT_FALSE(VerdictFromName("malicious ").has_value());
}

TEST(RejectReasonTest, EveryReasonTravelsInAStatus) {
  std::set<absl::string_view> names;
  for (RejectReason reason : AllRejectReasons()) {
    absl::Status status = Rejected(reason, "at byte 7");
    EXPECT_THAT(status, IsRejectedFor(reason));
    EXPECT_THAT(std::string(status.message()),
                ::testing::StartsWith(std::string(RejectReasonName(reason)) + ": at byte 7"));
    EXPECT_TRUE(names.insert(RejectReasonName(reason)).second);
  }
  EXPECT_EQ(AllRejectReasons().size(), static_cast<size_t>(RejectReason::kIoError) + 1);
}

TEST(RejectReasonTest, CodesSayWhoseFaultItIs) {
  EXPECT_THAT(Rejected(RejectReason::kNoSpace, ""), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Rejected(RejectReason::kIoError, ""), HasCode(absl::StatusCode::kInternal));
  EXPECT_THAT(Rejected(RejectReason::kPackForeign, ""),
              HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(RejectReasonTest, OtherStatusesCarryNone) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(ReasonOf(absl::InternalError("io_error")), std::nullopt);
  absl::Status foreign = absl::InternalError("x");
  foreign.SetPayload("cloister/reject_reason", absl::Cord("a_reason_of_the_future"));
  EXPECT_EQ(ReasonOf(foreign), std::nullopt);
}

TEST(CoverageTest, NamesKeepTheirOrder) {
  std::vector<std::string> all = {"file/sha256", "file/sha1",     "file/md5",
                                  "url",         "host",          "ip/v4",
                                  "ip/v6",       "software/purl", "software/signer"};
  ASSERT_OK_AND_ASSIGN(Coverage coverage, Coverage::FromNames({all.rbegin(), all.rend()}));
  EXPECT_EQ(coverage.Names(), all);
}

TEST(CoverageTest, CoversItsFormsOnly) {
  ASSERT_OK_AND_ASSIGN(Coverage coverage, Coverage::FromNames({"url", "file/md5", "url"}));
  EXPECT_TRUE(coverage.Covers(LookupForm::kUrlExpression));
  EXPECT_TRUE(coverage.Covers(LookupForm::kUrlExpressionWithPort));
  EXPECT_TRUE(coverage.Covers(LookupForm::kFileMd5));
  EXPECT_FALSE(coverage.Covers(LookupForm::kFileSha256));
  EXPECT_FALSE(coverage.Covers(LookupForm::kHostName));
  EXPECT_FALSE(coverage.Covers(static_cast<LookupForm>(0x0109)));
}

TEST(CoverageTest, Adds) {
  Coverage sum;
  EXPECT_TRUE(sum.empty());
  Coverage other;
  other.Add(LookupForm::kIpv6Prefix);
  sum.Add(other);
  sum.Add(LookupForm::kHostName);
  EXPECT_THAT(sum.Names(), ElementsAre("host", "ip/v6"));
}

TEST(CoverageTest, RefusesUnknownWords) {
  absl::StatusOr<Coverage> coverage = Coverage::FromNames({"url", "urls"});
  EXPECT_THAT(coverage, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(coverage.status().message()), HasSubstr("\"urls\""));
}

std::string Hex(const Sha256Bytes& hash) {
  return Digest::FromBytes(DigestAlgorithm::kSha256,
                           {reinterpret_cast<const char*>(hash.data()), hash.size()})
      ->ToHex();
}

// FIPS 180-4 examples, and the same context used again.
TEST(Sha256Test, KnownValues) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(Hex(Sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
}

TEST(DigestTest, LengthTellsTheAlgorithm) {
  for (DigestAlgorithm algorithm :
       {DigestAlgorithm::kSha256, DigestAlgorithm::kSha1, DigestAlgorithm::kMd5}) {
    std::string bytes(DigestSize(algorithm), '\xA5');
    ASSERT_OK_AND_ASSIGN(Digest digest, Digest::FromBytes(algorithm, bytes));
    EXPECT_EQ(digest.bytes(), bytes);
    ASSERT_OK_AND_ASSIGN(Digest parsed, Digest::FromHex(digest.ToHex()));
    EXPECT_EQ(parsed, digest);
    EXPECT_EQ(parsed.algorithm(), algorithm);
  }
}

TEST(DigestTest, TakesEitherCase) {
  ASSERT_OK_AND_ASSIGN(Digest digest, Digest::FromHex("44D88612fea8a8f36de82e1278ABB02F"));
  EXPECT_EQ(digest.ToHex(), "44d88612fea8a8f36de82e1278abb02f");
}

TEST(DigestTest, RefusesOtherLengthsAndCharacters) {
  for (size_t length : {0, 1, 31, 33, 39, 41, 63, 65, 128, 1 << 20}) {
    EXPECT_THAT(Digest::FromHex(std::string(length, 'a')),
                HasCode(absl::StatusCode::kInvalidArgument))
        << length;
  }
  absl::StatusOr<Digest> digest = Digest::FromHex("44d88612fea8a8f36de82e1278abb02g");
  EXPECT_THAT(digest, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(digest.status().message()), HasSubstr("character 32 ('g')"));
  EXPECT_THAT(Digest::FromBytes(DigestAlgorithm::kMd5, std::string(20, 'a')),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Digest::FromBytes(static_cast<DigestAlgorithm>(9), ""),
              HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace cloister::reputation
