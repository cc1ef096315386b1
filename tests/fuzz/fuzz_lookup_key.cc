// Concatenated lookup keys: what is read is what stood there, and reading ends.

#include "reputation/lookup_key.h"

#include "reputation/object.h"
#include "tests/fuzz/require.h"

namespace cloister::fuzz {
namespace {

using reputation::LookupKey;

void CheckPrefixes(const LookupKey& key) {
  reputation::LookupKeys keys;
  keys.keys.push_back(key);
  reputation::PrefixLengths lengths;
  lengths.v4.set();
  lengths.v6.set();
  reputation::AddIpPrefixes(lengths, &keys);
  Require(keys.keys.size() <= 129, "an address has at most 129 prefixes");
  for (const LookupKey& prefix : keys.keys) {
    absl::StatusOr<LookupKey> parsed = LookupKey::Parse(prefix.bytes());
    Require(parsed.ok() && *parsed == prefix, "each prefix is a lookup key");
  }
}

void CheckKeys(absl::string_view bytes) {
  absl::string_view rest = bytes;
  while (!rest.empty()) {
    absl::string_view before = rest;
    absl::StatusOr<LookupKey> key = LookupKey::Consume(&rest);
    if (!key.ok()) {
      Require(rest.data() == before.data() && rest.size() == before.size(),
              "a refusal leaves the input unchanged");
      return;
    }
    size_t size = before.size() - rest.size();
    Require(key->bytes() == before.substr(0, size), "the key is the bytes that were consumed");
    Require(size == reputation::LookupKeySize(before[0], before[1]), "of the size of its form");
    Require(size <= LookupKey::kMaxSize, "at most 34 bytes");
    if (key->kind() == reputation::ObjectKind::kIp) CheckPrefixes(*key);
  }
}

}  // namespace
}  // namespace cloister::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cloister::fuzz::CheckKeys({reinterpret_cast<const char*>(data), size});
  return 0;
}
