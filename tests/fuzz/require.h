// What a fuzz target asserts: a broken promise ends the process, which every fuzzer understands.

#pragma once

#include <cstdio>
#include <cstdlib>

namespace cloister::fuzz {

inline void Require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace cloister::fuzz
