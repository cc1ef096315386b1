// What the parts of a lookup cost by themselves, through Google Benchmark. Inputs are many and come
// from a seed, so that no branch is learnt by heart.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "reputation/lookup_key.h"
#include "reputation/object.h"
#include "reputation/record.h"
#include "reputation/resolve.h"
#include "reputation/url.h"
#include "storage/pack/content_digest.h"
#include "tests/bench/records.h"

namespace cloister::bench {
namespace {

using namespace reputation;  // NOLINT: all of what is measured

constexpr uint64_t kSeed = 5;
constexpr size_t kInputs = 1024;
const absl::Time kNow = absl::UnixEpoch() + absl::Hours(24 * 20000);

// Kinds of URLs as mail has them: plain, with a deep path and a query, escaped, an address.
std::string UrlAt(uint64_t index) {
  const uint64_t random = RandomAt(kSeed, index);
  const std::string name = absl::StrCat("shop-", random % 100'003);
  switch (index % 4) {
    case 0:
      return absl::StrCat("https://www.", name, ".example.net/");
    case 1:
      return absl::StrCat("http://a.b.", name, ".example.org:8080/wp-content/", random % 977,
                          "/x/y/login.php?id=", random, "&next=%2Fhome");
    case 2:
      return absl::StrCat("HTTP://WWW.", name, ".Example.COM/%7Euser/../a%20b/./c#top");
    default:
      return absl::StrCat("http://192.0.2.", random % 256, "/", random % 977, "/index.html");
  }
}

template <typename Make>
auto Inputs(const Make& make) {
  std::vector<decltype(make(uint64_t{0}))> inputs;
  for (uint64_t i = 0; i < kInputs; ++i) inputs.push_back(make(i));
  return inputs;
}

// Ends the program: a figure of what fails would be none.
template <typename T>
T Good(absl::StatusOr<T> result) {
  if (!result.ok()) {
    fprintf(stderr, "%s\n", std::string(result.status().message()).c_str());
    abort();
  }
  return *std::move(result);
}

Record RecordAt(uint64_t index) {
  const uint64_t random = RandomAt(kSeed + 1, index);
  Record record;
  record.verdict = index % 8 == 0 ? Verdict::kSuspicious : Verdict::kMalicious;
  record.confidence = static_cast<uint8_t>(random % 101);
  record.scope = Scope::kSubtree;
  record.label_id = index % 2 == 0 ? static_cast<uint32_t>(random >> 32) : 0;
  record.last_seen_days = static_cast<uint16_t>(19'000 + random % 1000);
  return record;
}

std::string Encoded(const Record& record) {
  std::string bytes;
  if (!EncodeRecord(record, &bytes).ok()) abort();
  return bytes;
}

LookupKey FileKeyAt(uint64_t index) {
  return LookupKey::ForFile(Digests(kInputs, kSeed).At(index));
}

void CanonicalizeAUrl(benchmark::State& state) {
  const auto urls = Inputs(UrlAt);
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Good(CanonicalizeUrl(urls[i++ % kInputs])));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CanonicalizeAUrl);

void ExpressionsOfAUrl(benchmark::State& state) {
  const auto urls = Inputs([](uint64_t i) { return Good(CanonicalizeUrl(UrlAt(i))); });
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(UrlExpressions(urls[i++ % kInputs]));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ExpressionsOfAUrl);

void KeysOfAUrlFromText(benchmark::State& state) {
  const auto urls = Inputs(UrlAt);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(Good(Object::Url(urls[i++ % kInputs])).Keys(false));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(KeysOfAUrlFromText);

void KeyOfAFileFromHex(benchmark::State& state) {
  const auto digests = Inputs([](uint64_t i) { return Digests(kInputs, kSeed).At(i).ToHex(); });
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(Good(Object::FileHex(digests[i++ % kInputs])).Keys(false));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(KeyOfAFileFromHex);

// A batch of a thousand, as the server reads it.
void ReadLookupKeys(benchmark::State& state) {
  std::string batch;
  for (uint64_t i = 0; i < kInputs; ++i) {
    const LookupKey key = FileKeyAt(i);
    batch.append(key.bytes().data(), key.bytes().size());
  }
  for (auto _ : state) {
    absl::string_view rest = batch;
    while (!rest.empty()) benchmark::DoNotOptimize(Good(LookupKey::Consume(&rest)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kInputs));
}
BENCHMARK(ReadLookupKeys);

void EncodeARecord(benchmark::State& state) {
  const auto records = Inputs(RecordAt);
  std::string bytes;
  size_t i = 0;
  for (auto _ : state) {
    bytes.clear();
    if (!EncodeRecord(records[i++ % kInputs], &bytes).ok()) abort();
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(EncodeARecord);

void DecodeARecord(benchmark::State& state) {
  const auto encoded = Inputs([](uint64_t i) { return Encoded(RecordAt(i)); });
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Good(DecodeRecord(encoded[i++ % kInputs])));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(DecodeARecord);

// Of a URL with that many matches, over three feeds and overrides.
void ResolveMatches(benchmark::State& state) {
  const LookupKeys keys =
      Good(Object::Url("http://a.b.shop.example.org/1/2/3.html?id=4")).Keys(false);
  const std::vector<Layer> layers = {{LayerKind::kOverride, 0},
                                     {LayerKind::kAuthoritative, 50},
                                     {LayerKind::kFeed, 50},
                                     {LayerKind::kFeed, 60}};
  std::vector<Match> matches;
  for (int64_t i = 0; i < state.range(0); ++i) {
    const auto index = static_cast<uint64_t>(i);
    matches.push_back({1 + index % 3, index % keys.keys.size(), RecordAt(index)});
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(Resolve(keys, layers, matches, LookupContext::kAny, kNow));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ResolveMatches)->Arg(0)->Arg(1)->Arg(4);

void AddToAContentDigest(benchmark::State& state) {
  const auto keys = Inputs(FileKeyAt);
  const auto values = Inputs([](uint64_t i) { return Encoded(RecordAt(i)); });
  storage::ContentDigest digest;
  size_t i = 0;
  for (auto _ : state) {
    digest.Add(keys[i % kInputs].bytes(), values[i % kInputs]);
    ++i;
  }
  benchmark::DoNotOptimize(digest);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(AddToAContentDigest);

}  // namespace
}  // namespace cloister::bench

BENCHMARK_MAIN();
