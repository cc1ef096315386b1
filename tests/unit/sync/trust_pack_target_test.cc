#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sync/trust/hash.h"
#include "sync/trust/pack_target.h"
#include "tests/support/status_matchers.h"

namespace cloister::trust {
namespace {

using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using nlohmann::json;
using reputation::RejectReason;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PackTarget Pack(uint64_t from, uint64_t to, uint32_t part = 1, uint32_t parts = 1) {
  PackTarget pack;
  pack.path = from == 0 ? absl::StrCat("full-", to, "-", part, ".sst")
                        : absl::StrCat("delta-", from, "-", to, ".sst");
  pack.sha256 = HashHex("sha256", absl::StrCat(pack.path, "/", parts));
  pack.bytes = 1000;
  pack.feed = "threats";
  pack.from_version = from;
  pack.to_version = to;
  pack.part = part;
  pack.parts = parts;
  pack.entries = 40;
  pack.version_records = 70;
  pack.content_digest = absl::StrCat(to, ":", HashHex("sha256", absl::StrCat(to)));
  pack.coverage = *reputation::Coverage::FromNames({"file/sha256", "ip/v4"});
  pack.prefix_lengths.v4.set(24).set(32);
  pack.prefix_lengths.v6.set(128);
  pack.minimum_poll_interval = absl::Minutes(5);
  return pack;
}

Targets TargetsOf(const std::vector<PackTarget>& packs) {
  Targets targets;
  for (const PackTarget& pack : packs) {
    targets.targets[pack.path] = {pack.bytes, {{"sha256", pack.sha256}}, PackTargetToCustom(pack)};
  }
  return targets;
}

TEST(PackTargetToCustom, IsTheDocumentedObject) {
  PackTarget pack = Pack(0, 7);
  EXPECT_EQ(PackTargetToCustom(pack),
            json::parse(R"({"cloister": {"feed": "threats", "from": 0, "to": 7, "part": 1,
                "parts": 1, "entries": 40, "records": 70,
                "content_digest": ")" +
                        pack.content_digest + R"(",
                "coverage": ["file/sha256", "ip/v4"], "ipv4_prefix_lengths": [24, 32],
                "ipv6_prefix_lengths": [128], "minimum_poll_s": 300}})"));
}

std::vector<SourceNote> TwoSources() {
  return {{.name = "urlhaus",
           .licence = "CC0-1.0",
           .attribution = "abuse.ch",
           .url = "https://urlhaus.example/",
           .redistribution = Redistribution::kAllowed},
          {.name = "own"}};
}

TEST(PackTargetToCustom, StatesSourcesWithWhatIsKnownOfThem) {
  PackTarget pack = Pack(0, 7);
  pack.sources = TwoSources();
  EXPECT_EQ(PackTargetToCustom(pack)["cloister"]["sources"],
            json::parse(R"([{"name": "urlhaus", "licence": "CC0-1.0", "attribution": "abuse.ch",
                "url": "https://urlhaus.example/", "redistribution": "allowed"},
                {"name": "own"}])"));
}

TEST(PacksOnOffer, ReadsSources) {
  PackTarget pack = Pack(7, 8);
  pack.sources = TwoSources();
  ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> read,
                       PacksOnOffer(TargetsOf({pack, Pack(0, 7)}), "threats"));
  EXPECT_EQ(read.front().sources, TwoSources());
  EXPECT_THAT(read.back().sources, IsEmpty()) << "of metadata that states none";
  // What a later release may say is no reason to refuse its packs.
  Targets targets = TargetsOf({pack});
  json& source = targets.targets.begin()->second.custom["cloister"]["sources"][0];
  source["redistribution"] = "on request";
  source["later"] = 1;
  ASSERT_OK_AND_ASSIGN(read, PacksOnOffer(targets, "threats"));
  EXPECT_EQ(read.front().sources[0].redistribution, Redistribution::kUnstated);
  EXPECT_EQ(read.front().sources[0].name, "urlhaus");
}

TEST(PacksOnOffer, ReadsWhatWasWritten) {
  std::vector<PackTarget> packs = {Pack(7, 8), Pack(0, 7, 1, 2), Pack(0, 7, 2, 2)};
  ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> read, PacksOnOffer(TargetsOf(packs), "threats"));
  ASSERT_THAT(read, SizeIs(3));
  for (size_t i = 0; i < packs.size(); ++i) {
    EXPECT_EQ(read[i].path, packs[i].path);
    EXPECT_EQ(read[i].sha256, packs[i].sha256);
    EXPECT_EQ(read[i].bytes, packs[i].bytes);
    EXPECT_EQ(PackTargetToCustom(read[i]), PackTargetToCustom(packs[i]));
  }
  EXPECT_EQ(NewestVersion(read), 8u);
}

TEST(PacksOnOffer, PassesOverWhatIsNoPackAndKeepsUnknownFieldsHarmless) {
  Targets targets = TargetsOf({Pack(0, 7)});
  targets.targets["filter-7"] = {10, {{"sha256", std::string(64, '0')}}, nullptr};
  targets.targets["full-7-1.sst"].custom["another"] = {{"x", 1}};
  targets.targets["full-7-1.sst"].custom["cloister"]["later"] = "x";
  ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> read, PacksOnOffer(targets, "threats"));
  EXPECT_THAT(read, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(read, PacksOnOffer(Targets(), "threats"));
  EXPECT_THAT(read, IsEmpty());
  EXPECT_EQ(NewestVersion(read), 0u);
}

TEST(PacksOnOffer, RefusesAnotherFeed) {
  EXPECT_THAT(PacksOnOffer(TargetsOf({Pack(0, 7)}), "software"),
              IsRejectedFor(RejectReason::kWrongFeed));
}

struct Breach {
  const char* field;
  json value;
};

TEST(PacksOnOffer, RefusesMalformedFieldsAndNamesThem) {
  const Breach breaches[] = {
      {"feed", 1},
      {"from", -1},
      {"from", 7},
      {"from", 8},
      {"from", "0"},
      {"to", 0},
      {"to", 1.5},
      {"part", 0},
      {"part", 2},
      {"parts", 0},
      {"parts", 5000},
      {"entries", -1},
      {"entries", uint64_t{1} << 41},
      {"records", "many"},
      {"content_digest", 1},
      {"content_digest", ""},
      {"content_digest", "7"},
      {"content_digest", ":" + std::string(64, '0')},
      {"content_digest", "x:" + std::string(64, '0')},
      {"content_digest", "7:" + std::string(63, '0')},
      {"content_digest", "7:" + std::string(64, 'G')},
      {"coverage", "file/sha256"},
      {"coverage", {"file/sha256", "mail"}},
      {"coverage", {1}},
      {"ipv4_prefix_lengths", {33}},
      {"ipv4_prefix_lengths", {-1}},
      {"ipv4_prefix_lengths", 24},
      {"ipv6_prefix_lengths", {129}},
      {"minimum_poll_s", -1},
      {"minimum_poll_s", 100'000'000},
  };
  for (const Breach& breach : breaches) {
    Targets targets = TargetsOf({Pack(0, 7)});
    json& fields = targets.targets.begin()->second.custom["cloister"];
    fields[breach.field] = breach.value;
    absl::StatusOr<std::vector<PackTarget>> read = PacksOnOffer(targets, "threats");
    ASSERT_THAT(read, IsRejectedFor(RejectReason::kTargetUndescribed))
        << breach.field << " " << breach.value;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("full-7-1.sst"));
    fields.erase(breach.field);
    EXPECT_THAT(PacksOnOffer(targets, "threats"), IsRejectedFor(RejectReason::kTargetUndescribed))
        << breach.field;
  }
}

TEST(PacksOnOffer, RefusesMalformedSources) {
  json many = json::array();
  for (int i = 0; i < 65; ++i) many.push_back({{"name", absl::StrCat("s", i)}});
  const json breaches[] = {
      1,
      {{"name", "a"}},
      {1},
      {{{"licence", "no name"}}},
      {{{"name", ""}}},
      {{{"name", 1}}},
      {{{"name", std::string(65, 'n')}}},
      {{{"name", "a\nb"}}},
      {{{"name", "a"}}, {{"name", "a"}}},
      {{{"name", "a"}, {"licence", std::string(129, 'l')}}},
      {{{"name", "a"}, {"attribution", "\x1b[2J"}}},
      {{{"name", "a"}, {"url", 7}}},
      {{{"name", "a"}, {"redistribution", 2}}},
      many,
  };
  for (const json& breach : breaches) {
    Targets targets = TargetsOf({Pack(0, 7)});
    targets.targets.begin()->second.custom["cloister"]["sources"] = breach;
    absl::StatusOr<std::vector<PackTarget>> read = PacksOnOffer(targets, "threats");
    ASSERT_THAT(read, IsRejectedFor(RejectReason::kTargetUndescribed)) << breach;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("cloister.sources")) << breach;
  }
}

TEST(PacksOnOffer, RefusesUndescribedPacks) {
  for (const json& custom : {json(nullptr), json(1), json::object(), json{{"cloister", 1}}}) {
    Targets targets = TargetsOf({Pack(0, 7)});
    targets.targets.begin()->second.custom = custom;
    EXPECT_THAT(PacksOnOffer(targets, "threats"), IsRejectedFor(RejectReason::kTargetUndescribed));
  }
}

TEST(PacksOnOffer, RefusesPacksThatContradictEachOther) {
  auto changed = [](PackTarget pack, auto change) {
    change(pack);
    return pack;
  };
  const std::vector<PackTarget> contradictions[] = {
      // A part is missing, or they do not agree how many there are.
      {Pack(0, 7, 1, 2)},
      {Pack(0, 7, 1, 3), Pack(0, 7, 3, 3)},
      {Pack(0, 7, 1, 2), Pack(0, 7, 2, 3)},
      {Pack(0, 7, 1, 1), Pack(0, 7, 2, 2)},
      // One pack twice.
      {Pack(0, 7), changed(Pack(0, 7), [](PackTarget& p) { p.path = "again.sst"; })},
      {Pack(7, 8), changed(Pack(7, 8), [](PackTarget& p) { p.path = "again.sst"; })},
      // Two ways to one version that say different things about it.
      {Pack(0, 8), changed(Pack(7, 8), [](PackTarget& p) { p.version_records++; })},
      {Pack(0, 8), changed(Pack(7, 8), [](PackTarget& p) { p.prefix_lengths.v4.set(8); })},
      {Pack(6, 8), changed(Pack(7, 8), [](PackTarget& p) { p.coverage = {}; })},
      {Pack(6, 8),
       changed(Pack(7, 8), [](PackTarget& p) { p.content_digest = Pack(0, 9).content_digest; })},
      {Pack(6, 8), changed(Pack(7, 8), [](PackTarget& p) { p.sources = TwoSources(); })},
      // A delta in parts.
      {Pack(7, 8, 1, 2), changed(Pack(7, 8, 2, 2), [](PackTarget& p) { p.path = "b.sst"; })},
  };
  for (const std::vector<PackTarget>& packs : contradictions) {
    EXPECT_THAT(PacksOnOffer(TargetsOf(packs), "threats"),
                IsRejectedFor(RejectReason::kTargetUndescribed))
        << packs.front().path;
  }
}

PackTarget WithBase(PackTarget pack, const std::string& digest) {
  pack.base_digest = digest;
  return pack;
}

TEST(PacksOnOffer, BasesOfDeltasAreReadAndAgree) {
  const std::string seven = Pack(0, 7).content_digest;
  const std::string other = Pack(0, 9).content_digest;
  ASSERT_OK_AND_ASSIGN(
      std::vector<PackTarget> read,
      PacksOnOffer(TargetsOf({WithBase(Pack(7, 8), seven), Pack(0, 7)}), "threats"));
  EXPECT_EQ(read.front().base_digest, seven);
  EXPECT_EQ(read.back().base_digest, "");
  const std::vector<PackTarget> contradictions[] = {
      {Pack(0, 7), WithBase(Pack(7, 8), other)},
      {Pack(6, 7), WithBase(Pack(7, 8), other)},
      {WithBase(Pack(7, 8), seven), WithBase(Pack(7, 9), other)},
      {WithBase(Pack(0, 7), seven)},  // a snapshot has none
      {WithBase(Pack(7, 8), "7")},
  };
  for (const std::vector<PackTarget>& packs : contradictions) {
    EXPECT_THAT(PacksOnOffer(TargetsOf(packs), "threats"),
                IsRejectedFor(RejectReason::kTargetUndescribed))
        << packs.back().base_digest;
  }
}

// Otherwise an address listed in version 7 would be asked for by nobody in version 8, though the
// delta does not remove it.
TEST(PacksOnOffer, ADeltaDeclaresAtLeastWhatItsBaseDeclares) {
  PackTarget more = Pack(7, 8);
  more.coverage.Add(*reputation::Coverage::FromNames({"url"}));
  more.prefix_lengths.v4.set(8);
  EXPECT_THAT(PacksOnOffer(TargetsOf({Pack(0, 7), more}), "threats"), IsOk());
  PackTarget fewer_kinds = Pack(7, 8);
  fewer_kinds.coverage = *reputation::Coverage::FromNames({"ip/v4"});
  PackTarget fewer_lengths = Pack(7, 8);
  fewer_lengths.prefix_lengths.v4.reset(24);
  for (const PackTarget& less : {fewer_kinds, fewer_lengths}) {
    EXPECT_THAT(PacksOnOffer(TargetsOf({Pack(0, 7), less}), "threats"),
                IsRejectedFor(RejectReason::kPackUndeclared));
    EXPECT_THAT(PacksOnOffer(TargetsOf({Pack(6, 7), less}), "threats"),
                IsRejectedFor(RejectReason::kPackUndeclared));
  }
  // A snapshot begins anew.
  fewer_kinds.from_version = 0;
  fewer_kinds.path = "full-8-1.sst";
  EXPECT_THAT(PacksOnOffer(TargetsOf({Pack(0, 7), fewer_kinds}), "threats"), IsOk());
}

struct ChainCase {
  const char* name;
  std::vector<PackTarget> offered;
  std::vector<PackTarget> held;
  uint32_t max_deltas;
  std::vector<std::string> chain;  // empty: refused
};

PackTarget Sized(PackTarget pack, uint64_t bytes) {
  pack.bytes = bytes;
  return pack;
}

PackTarget OtherContent(PackTarget pack) {
  pack.content_digest = absl::StrCat("9:", HashHex("sha256", "other"));
  pack.sha256 = HashHex("sha256", pack.content_digest);
  return pack;
}

std::vector<ChainCase> ChainCases() {
  return {
      {"nothing", {}, {}, 8, {}},
      {"one_snapshot", {Pack(0, 7)}, {}, 8, {"full-7-1.sst"}},
      {"parts_in_order",
       {Pack(0, 7, 3, 3), Pack(0, 7, 1, 3), Pack(0, 7, 2, 3)},
       {},
       8,
       {"full-7-1.sst", "full-7-2.sst", "full-7-3.sst"}},
      {"snapshot_and_deltas",
       {Pack(0, 7), Pack(7, 8), Pack(8, 9)},
       {},
       8,
       {"full-7-1.sst", "delta-7-8.sst", "delta-8-9.sst"}},
      {"newer_snapshot_where_cheaper",
       {Pack(0, 7), Pack(7, 8), Pack(0, 8)},
       {},
       8,
       {"full-8-1.sst"}},
      {"older_snapshot_where_cheaper",
       {Pack(0, 7), Sized(Pack(7, 8), 10), Sized(Pack(0, 8), 1011)},
       {},
       8,
       {"full-7-1.sst", "delta-7-8.sst"}},
      {"fewer_deltas_among_equals",
       {Sized(Pack(0, 7), 990), Sized(Pack(7, 8), 10), Pack(0, 8)},
       {},
       8,
       {"full-8-1.sst"}},
      {"delta_over_what_is_held",
       {Pack(0, 8), Sized(Pack(7, 8), 10)},
       {Pack(0, 7)},
       8,
       {"full-7-1.sst", "delta-7-8.sst"}},
      {"held_chain_grows",
       {Pack(0, 5), Sized(Pack(8, 9), 10)},
       {Pack(0, 5), Pack(5, 6), Pack(6, 7), Pack(7, 8)},
       8,
       {"full-5-1.sst", "delta-5-6.sst", "delta-6-7.sst", "delta-7-8.sst", "delta-8-9.sst"}},
      {"held_chain_is_long_enough",
       {Pack(0, 9), Sized(Pack(8, 9), 10)},
       {Pack(0, 5), Pack(5, 6), Pack(6, 7), Pack(7, 8)},
       3,
       {"full-9-1.sst"}},
  };
}

std::vector<ChainCase> HarderChainCases() {
  return {
      {"merged_delta",
       {Pack(0, 40), Sized(Pack(40, 48), 50), Sized(Pack(40, 44), 40), Sized(Pack(44, 48), 40)},
       {Pack(0, 40)},
       8,
       {"full-40-1.sst", "delta-40-48.sst"}},
      {"small_deltas_where_cheaper",
       {Pack(0, 40), Sized(Pack(40, 48), 100), Sized(Pack(40, 44), 40), Sized(Pack(44, 48), 40)},
       {Pack(0, 40)},
       8,
       {"full-40-1.sst", "delta-40-44.sst", "delta-44-48.sst"}},
      {"merged_delta_where_the_small_are_too_many",
       {Pack(0, 40), Sized(Pack(40, 48), 100), Sized(Pack(40, 44), 40), Sized(Pack(44, 48), 40)},
       {Pack(0, 40)},
       1,
       {"full-40-1.sst", "delta-40-48.sst"}},
      {"held_parts_cost_nothing",
       {Pack(0, 9, 1, 3), Pack(0, 9, 2, 3), Pack(0, 9, 3, 3), Sized(Pack(7, 9), 1500)},
       {Pack(0, 9, 1, 3), Pack(0, 9, 3, 3), Pack(0, 7)},
       8,
       {"full-9-1.sst", "full-9-2.sst", "full-9-3.sst"}},
      {"held_snapshot_in_part_only",
       {Pack(0, 9), Sized(Pack(7, 9), 10)},
       {Pack(0, 7, 1, 2)},
       8,
       {"full-9-1.sst"}},
      {"held_of_other_content",
       {Pack(0, 7), Sized(Pack(7, 8), 10), Sized(Pack(0, 8), 50)},
       {OtherContent(Pack(0, 7))},
       8,
       {"full-8-1.sst"}},
      {"held_of_other_content_where_no_snapshot_is_offered",
       {Pack(6, 7), Sized(Pack(7, 8), 10), Sized(Pack(0, 8), 50)},
       {OtherContent(Pack(0, 7))},
       8,
       {"full-8-1.sst"}},
      {"held_of_other_content_than_the_delta_starts_from",
       {WithBase(Sized(Pack(7, 8), 10), Pack(0, 7).content_digest), Sized(Pack(0, 8), 50)},
       {OtherContent(Pack(0, 7))},
       8,
       {"full-8-1.sst"}},
      {"newest_snapshot_among_equals",
       {Pack(0, 7), Pack(0, 8), Pack(7, 9), Pack(8, 9)},
       {},
       8,
       {"full-8-1.sst", "delta-8-9.sst"}},
      {"newest_snapshot_among_equals_in_another_order",
       {Pack(0, 6), Pack(0, 5), Pack(5, 9), Pack(6, 9)},
       {},
       8,
       {"full-6-1.sst", "delta-6-9.sst"}},
      {"held_is_newer_than_offered", {Pack(0, 7)}, {Pack(0, 9), Pack(0, 8)}, 8, {"full-7-1.sst"}},
      {"everything_held",
       {Pack(0, 7), Pack(7, 8)},
       {Pack(0, 7), Pack(7, 8)},
       8,
       {"full-7-1.sst", "delta-7-8.sst"}},
      {"gap", {Pack(0, 7), Pack(8, 9)}, {}, 8, {}},
      {"delta_without_base", {Pack(8, 9)}, {}, 8, {}},
      {"too_many_deltas", {Pack(0, 7), Pack(7, 8), Pack(8, 9)}, {}, 1, {}},
      {"no_deltas_allowed",
       {Pack(0, 7), Pack(7, 8), Sized(Pack(0, 8), 5000)},
       {Pack(0, 7)},
       0,
       {"full-8-1.sst"}},
  };
}

class CheapestChainTable : public ::testing::TestWithParam<ChainCase> {};

TEST_P(CheapestChainTable, HasTheFewestBytes) {
  const ChainCase& c = GetParam();
  absl::StatusOr<std::vector<PackTarget>> chain = CheapestChain(c.offered, c.held, c.max_deltas);
  if (c.chain.empty()) {
    EXPECT_THAT(chain, IsRejectedFor(RejectReason::kVersionGap));
    return;
  }
  ASSERT_THAT(chain, IsOk());
  std::vector<std::string> paths;
  for (const PackTarget& pack : *chain) paths.push_back(pack.path);
  EXPECT_EQ(paths, c.chain);
}

std::string NameOf(const ::testing::TestParamInfo<ChainCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Chains, CheapestChainTable, ::testing::ValuesIn(ChainCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(HarderChains, CheapestChainTable, ::testing::ValuesIn(HarderChainCases()),
                         NameOf);

// All chains are tried one by one; the shortest path has to be as cheap as the best of them.
uint64_t BytesOf(const std::vector<PackTarget>& chain) {
  uint64_t bytes = 0;
  for (const PackTarget& pack : chain) bytes += pack.bytes;
  return bytes;
}

uint64_t CheapestByTrying(const std::vector<PackTarget>& packs, uint64_t from, uint64_t to,
                          uint32_t deltas) {
  if (from == to) return 0;
  uint64_t best = UINT64_MAX;
  for (const PackTarget& pack : packs) {
    bool usable = pack.from_version == from && (!pack.is_delta() || deltas > 0);
    if (!usable) continue;
    uint64_t rest =
        CheapestByTrying(packs, pack.to_version, to, deltas - (pack.is_delta() ? 1 : 0));
    if (rest != UINT64_MAX) best = std::min(best, pack.bytes + rest);
  }
  return best;
}

TEST(CheapestChain, IsAsCheapAsTheBestOfAllChains) {
  uint64_t random = 12345;
  auto next = [&random](uint64_t bound) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return (random >> 33) % bound;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<PackTarget> offered;
    for (uint64_t to = 1; to <= 7; ++to) {
      if (next(3) == 0) offered.push_back(Sized(Pack(0, to), 200 + next(400)));
      for (uint64_t from = 1; from < to; ++from) {
        if (next(3) == 0) offered.push_back(Sized(Pack(from, to), 1 + next(200)));
      }
    }
    const uint32_t max_deltas = static_cast<uint32_t>(next(5));
    uint64_t best = CheapestByTrying(offered, 0, NewestVersion(offered), max_deltas);
    absl::StatusOr<std::vector<PackTarget>> chain = CheapestChain(offered, {}, max_deltas);
    if (best == UINT64_MAX || offered.empty()) {
      EXPECT_THAT(chain, IsRejectedFor(RejectReason::kVersionGap));
    } else {
      ASSERT_THAT(chain, IsOk());
      EXPECT_EQ(BytesOf(*chain), best);
    }
  }
}

TEST(CheapestChain, StaysQuickWithAsManyPacksAsAreAllowed) {
  std::vector<PackTarget> offered;
  for (uint32_t part = 1; part <= 2048; ++part) offered.push_back(Pack(0, 1, part, 2048));
  for (uint64_t to = 2; to <= 2048; ++to) offered.push_back(Pack(to - 1, to));
  offered.push_back(Pack(1, 2048));
  ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> chain, CheapestChain(offered, {}, 8));
  EXPECT_THAT(chain, SizeIs(2049));
}

}  // namespace
}  // namespace cloister::trust
