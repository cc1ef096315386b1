// Three programs, equal bytes: what cloister-publish lists is what the SDK asks for and what
// cloisterd looks for, whatever writing of the object each of them was given.

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client-sdk/src/key_batch.h"
#include "gtest/gtest.h"
#include "reputation/host_name.h"
#include "reputation/object.h"
#include "server/lookup/batch_request.h"
#include "server/lookup/proto_conversion.h"
#include "sync/feeds/listing.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;

// The key under which a feed would list it; nothing where the publisher refuses to.
std::optional<LookupKey> Listed(ObjectKind kind, const std::string& text) {
  feeds::Listing listing;
  listing.kind = kind;
  listing.value = text;
  const auto entry = feeds::EntryFromListing(listing);
  const auto* made = std::get_if<feeds::FeedEntry>(&entry);
  return made == nullptr ? std::nullopt : std::optional(made->key);
}

// The keys that the server looks for when it is asked by text.
absl::StatusOr<LookupKeys> AskedByText(ObjectKind kind, const std::string& text) {
  v1::Object object;
  object.set_kind(server::ToProto(kind));
  object.set_text(text);
  absl::StatusOr<Object> parsed = server::ObjectFromProto(object);
  if (!parsed.ok()) return parsed.status();
  return parsed->Keys(/*with_expressions=*/false);
}

// The keys that the server looks for when a gateway asks in a batch.
std::vector<LookupKey> AskedInBatch(const LookupKeys& keys) {
  client::KeyBatch batch(1000, cloister::Context::kAny);
  batch.Add(keys, 0);
  const auto decoded = server::DecodeBatch(batch.Request(), 1000, PrefixLengths());
  EXPECT_THAT(decoded, IsOk());
  if (!decoded.ok()) return {};
  EXPECT_EQ(decoded->object_count(), 1u);
  EXPECT_EQ(decoded->object(0).exact, keys.exact_count);
  return decoded->keys;
}

struct Counts {
  int agreed = 0;
  int refused_by_all = 0;
};

void ExpectAgreement(ObjectKind kind, const std::string& text, Counts* counts) {
  SCOPED_TRACE(absl::StrCat(ObjectKindName(kind), " ", absl::CHexEscape(text.substr(0, 300))));
  const absl::StatusOr<Object> object = Object::Parse(kind, text);
  const absl::StatusOr<LookupKeys> asked = AskedByText(kind, text);
  EXPECT_EQ(object.ok(), asked.ok());
  if (!object.ok() || !asked.ok()) {
    EXPECT_EQ(Listed(kind, text), std::nullopt) << "listed, though nobody can ask for it";
    ++counts->refused_by_all;
    return;
  }
  const LookupKeys keys = object->Keys(/*with_expressions=*/false);
  EXPECT_EQ(asked->keys, keys.keys);
  EXPECT_EQ(asked->exact_count, keys.exact_count);
  EXPECT_EQ(AskedInBatch(keys), keys.keys);
  const std::optional<LookupKey> listed = Listed(kind, text);
  if (!listed.has_value()) return;
  EXPECT_EQ(*listed, keys.keys.front());
  // The canonical text is another writing of the same object.
  EXPECT_EQ(
      Listed(kind, kind == ObjectKind::kUrl ? "http://" + object->ToString() : object->ToString()),
      listed);
  ++counts->agreed;
}

Counts AgreementOn(ObjectKind kind, const char* table) {
  Counts counts;
  for (const VectorRow& row : ReadVectors(table, 1)) {
    // Networks and "*.example.com" can be listed, and not be asked for.
    const std::string& text = row.fields[0];
    if (kind == ObjectKind::kIp && absl::StrContains(text, "/")) continue;
    if (kind == ObjectKind::kHost && absl::StartsWith(text, "*.")) continue;
    ExpectAgreement(kind, row.fields[0], &counts);
  }
  return counts;
}

TEST(IdentityAgreementTest, Urls) {
  const Counts counts = AgreementOn(ObjectKind::kUrl, "url_canonical.txt");
  EXPECT_GT(counts.agreed, 80);
  EXPECT_GT(counts.refused_by_all, 20);
}

TEST(IdentityAgreementTest, Hosts) {
  const Counts counts = AgreementOn(ObjectKind::kHost, "host_name.txt");
  EXPECT_GT(counts.agreed, 20);
  EXPECT_GT(counts.refused_by_all, 20);
}

TEST(IdentityAgreementTest, Addresses) {
  const Counts counts = AgreementOn(ObjectKind::kIp, "ip.txt");
  EXPECT_GT(counts.agreed, 15);
  EXPECT_GT(counts.refused_by_all, 15);
}

TEST(IdentityAgreementTest, Packages) {
  const Counts counts = AgreementOn(ObjectKind::kSoftware, "purl.txt");
  EXPECT_GT(counts.agreed, 10);
  EXPECT_GT(counts.refused_by_all, 5);
}

TEST(IdentityAgreementTest, FilesAndSigners) {
  Counts counts;
  const std::string sha256(64, 'A');
  for (const std::string& hex : {sha256, std::string(40, 'B'), std::string(32, 'c'),
                                 std::string(63, 'a'), std::string(64, 'g'), std::string()}) {
    ExpectAgreement(ObjectKind::kFile, hex, &counts);
  }
  ExpectAgreement(ObjectKind::kSoftware, "signer:" + sha256, &counts);
  ExpectAgreement(ObjectKind::kSoftware, "signer:" + std::string(40, 'a'), &counts);
  EXPECT_EQ(counts.agreed, 4);
  EXPECT_EQ(counts.refused_by_all, 4);
}

}  // namespace
}  // namespace cloister::reputation
