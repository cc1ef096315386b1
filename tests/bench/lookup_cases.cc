#include "tests/bench/lookup_cases.h"

namespace cloister::bench {
namespace {

// Goals hold where keys are spread evenly, the hardest there is for caches.
void SetGoals(LookupCase* which) {
  if (which->spreading != Spreading::kUniform) return;
  const bool few_hits = which->hit_rate == 0.05;
  if (which->keys_per_request == 1) {
    if (few_hits) which->rate_at_least = 0.90;
    if (which->hit_rate == 1) which->rate_at_least = 0.75;
    const bool bounded = few_hits || which->hit_rate == 1;
    if (bounded && which->transport == Transport::kTcp) which->p99_at_most = 1.25;
  } else if (few_hits && which->keys_per_request == 100) {
    which->rate_at_least = 0.30;
    which->redis_at_least = 4;
  } else if (few_hits && which->keys_per_request == 1000) {
    which->rate_at_least = 0.15;
  }
}

}  // namespace

std::vector<LookupCase> LookupCases(bool quick) {
  std::vector<LookupCase> cases;
  for (const Transport transport : {Transport::kMutualTls, Transport::kUnix}) {
    cases.push_back({.keys_per_request = 1, .hit_rate = 0.05, .transport = transport});
  }
  if (quick) {
    cases.push_back({.keys_per_request = 1, .hit_rate = 0.05, .open_loop = true});
    cases.push_back({.keys_per_request = 100, .hit_rate = 0.05});
    cases.push_back({.keys_per_request = 1000, .hit_rate = 0.5, .spreading = Spreading::kZipf});
  } else {
    for (const uint32_t keys : {1, 100, 1000}) {
      for (const Spreading spreading : {Spreading::kUniform, Spreading::kZipf}) {
        for (const double hit_rate : {0.0, 0.05, 0.5, 1.0}) {
          const bool open_loop =
              keys <= 100 && hit_rate == 0.05 && spreading == Spreading::kUniform;
          cases.push_back({.keys_per_request = keys,
                           .hit_rate = hit_rate,
                           .spreading = spreading,
                           .open_loop = open_loop});
        }
      }
    }
  }
  for (LookupCase& each : cases) SetGoals(&each);
  return cases;
}

}  // namespace cloister::bench
