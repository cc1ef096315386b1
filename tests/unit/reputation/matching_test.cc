// tests/vectors/matching.txt: which record answers, from the object's text to the winner.

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "reputation/resolve.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;
using ::testing::ElementsAre;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(24 * 20000);

struct NamedLayer {
  absl::string_view name;
  Layer layer;
};
constexpr NamedLayer kLayers[] = {{"override", {LayerKind::kOverride, 0}},
                                  {"authoritative", {LayerKind::kAuthoritative, 0}},
                                  {"feed", {LayerKind::kFeed, 0}},
                                  {"other", {LayerKind::kFeed, 0}},
                                  {"preferred", {LayerKind::kFeed, 10}}};

std::vector<Layer> Layers() {
  std::vector<Layer> layers;
  for (const NamedLayer& one : kLayers) layers.push_back(one.layer);
  return layers;
}

// What a feed lists under `key` ("host:example.com"), made without Object.
LookupKey KeyOf(absl::string_view key) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(key, absl::MaxSplits(':', 1));
  const auto& [form, text] = parts;
  if (form == "url") return LookupKey::ForUrlExpression(text, false);
  if (form == "url+port") return LookupKey::ForUrlExpression(text, true);
  if (form == "host") return LookupKey::ForHost(text);
  if (form == "ip") return LookupKey::ForIpPrefix(*IpPrefix::Parse(text));
  if (form == "purl") return LookupKey::ForPurl(text);
  if (form == "file") return LookupKey::ForFile(*Digest::FromHex(text));
  EXPECT_EQ(form, "signer") << key;
  Sha256Bytes thumbprint;
  const Digest digest = *Digest::FromHex(text);
  std::copy(digest.bytes().begin(), digest.bytes().end(), thumbprint.begin());
  return LookupKey::ForSigner(thumbprint);
}

void Limit(absl::string_view limit, Record* record) {
  if (absl::ConsumePrefix(&limit, "until=")) {
    EXPECT_TRUE(limit == "past" || limit == "future") << limit;
    record->valid_until_hours = HoursSinceEpoch(kNow) + (limit == "future" ? 1 : 0);
    return;
  }
  EXPECT_TRUE(absl::ConsumePrefix(&limit, "for=")) << limit;
  for (absl::string_view context : absl::StrSplit(limit, ',')) {
    record->applies_to |= ContextBit(*LookupContextFromName(context));
  }
}

struct Listing {
  size_t layer = 0;
  std::string key;  // as it is written
  Record record;
};

Listing ListingOf(const std::string& text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  Listing listing;
  EXPECT_GE(words.size(), 4u) << text;
  while (listing.layer < std::size(kLayers) && kLayers[listing.layer].name != words[0]) {
    ++listing.layer;
  }
  EXPECT_LT(listing.layer, std::size(kLayers)) << text;
  listing.record.scope = *ScopeFromName(words[2]);
  listing.record.excluded = words[1] == "excluded";
  listing.record.removed = words[1] == "removed";
  if (!listing.record.excluded && !listing.record.removed) {
    listing.record.verdict = *VerdictFromName(words[1]);
  }
  listing.key = words[3];
  for (size_t i = 4; i < words.size(); ++i) Limit(words[i], &listing.record);
  return listing;
}

void NotePrefixLength(const LookupKey& key, PrefixLengths* lengths) {
  const size_t length = static_cast<uint8_t>(key.bytes().back());
  if (key.form() == LookupForm::kIpv4Prefix) lengths->v4.set(length);
  if (key.form() == LookupForm::kIpv6Prefix) lengths->v6.set(length);
}

// One row: its object, and the records that stand under the object's keys.
struct Case {
  LookupKeys keys;
  std::vector<Match> matches;
  std::map<LookupKey, std::string> listed;  // as the table writes it
};

Case CaseOf(const VectorRow& row) {
  Case one;
  const std::pair<std::string, std::string> object =
      absl::StrSplit(row.fields[1], absl::MaxSplits(' ', 1));
  absl::StatusOr<Object> parsed = Object::Parse(*ObjectKindFromName(object.first), object.second);
  EXPECT_THAT(parsed, IsOk());
  if (!parsed.ok()) return one;
  one.keys = parsed->Keys(/*with_expressions=*/true);

  std::vector<Listing> listings;
  PrefixLengths lengths;
  for (size_t i = 4; i < row.fields.size(); ++i) {
    listings.push_back(ListingOf(row.fields[i]));
    const LookupKey key = KeyOf(listings.back().key);
    one.listed[key] = listings.back().key;
    NotePrefixLength(key, &lengths);
  }
  AddIpPrefixes(lengths, &one.keys);
  for (const Listing& listing : listings) {
    for (size_t i = 0; i < one.keys.keys.size(); ++i) {
      if (one.keys.keys[i] != KeyOf(listing.key)) continue;
      one.matches.push_back({listing.layer, i, listing.record});
    }
  }
  return one;
}

std::string Describe(const Case& one, const Match& match) {
  return absl::StrCat(kLayers[match.layer].name, " ", VerdictName(match.record.verdict), " ",
                      one.listed.at(one.keys.keys[match.key_index]));
}

TEST(MatchingTest, Vectors) {
  for (const VectorRow& row : ReadVectors("matching.txt", 5)) {
    SCOPED_TRACE(absl::StrCat(row.place, ": ", row.fields[0]));
    const LookupContext context =
        row.fields[2] == "any" ? LookupContext::kAny : *LookupContextFromName(row.fields[2]);
    const Case one = CaseOf(row);
    const std::vector<Match> resolved = Resolve(one.keys, Layers(), one.matches, context, kNow);
    EXPECT_EQ(resolved.empty() ? "none" : Describe(one, resolved.front()), row.fields[3]);

    // What explain says is what lookup says.
    std::vector<Match> answering;
    for (const auto& [match, outcome] :
         ResolveExplained(one.keys, Layers(), one.matches, context, kNow)) {
      const bool answers = outcome == MatchOutcome::kWon || outcome == MatchOutcome::kOutranked;
      if (answers) answering.push_back(match);
      EXPECT_FALSE(answers && match.record.excluded);
    }
    EXPECT_EQ(answering, resolved);
  }
}

TEST(ExclusionTest, IsExplainedBesideWhatItExcludes) {
  const LookupKeys keys = Object::Host("a.good.example.com")->Keys(true);
  Record threat;
  threat.verdict = Verdict::kMalicious;
  threat.scope = Scope::kSubtree;
  Record expired = Record::Excluded(Scope::kExact);
  expired.valid_until_hours = 1;
  const std::vector<Match> matches = {{2, 2, threat},
                                      {2, 1, Record::Excluded(Scope::kSubtree)},
                                      {2, 0, expired},
                                      {3, 2, threat},
                                      {3, 1, Record::Excluded(Scope::kExact)}};
  std::vector<std::string> words;
  for (const auto& [match, outcome] :
       ResolveExplained(keys, Layers(), matches, LookupContext::kAny, kNow)) {
    words.push_back(absl::StrCat(MatchOutcomeName(outcome), " ", match.layer, " ",
                                 keys.expressions[match.key_index]));
  }
  EXPECT_THAT(words, ElementsAre("won 3 example.com", "excluded 2 example.com",
                                 "expired 2 a.good.example.com", "exclusion 2 good.example.com",
                                 "scope 3 good.example.com"));
}

}  // namespace
}  // namespace cloister::reputation
