// Which lookups are measured, and what is expected of them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/key_choice.h"
#include "tests/bench/transport.h"

namespace cloister::bench {

struct LookupCase {
  uint32_t keys_per_request = 1;  // 1: Lookup; more: BatchLookup
  double hit_rate = 0;
  Spreading spreading = Spreading::kUniform;
  Transport transport = Transport::kTcp;
  bool open_loop = false;  // measured at fixed rates as well
  // Goals for the ratios to the echo: calls a second, 99th percentile; and to Redis.
  std::optional<double> rate_at_least = std::nullopt;
  std::optional<double> p99_at_most = std::nullopt;
  std::optional<double> redis_at_least = std::nullopt;

  uint32_t outstanding() const { return keys_per_request >= 1000 ? 8 : 16; }
};

// Ordered by transport, TCP last. `quick`: one of each kind.
std::vector<LookupCase> LookupCases(bool quick);

}  // namespace cloister::bench
