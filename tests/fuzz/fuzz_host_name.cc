// Canonical host names are canonical, and any text at all may be asked for its suffixes.

#include "absl/strings/match.h"
#include "reputation/host_name.h"
#include "tests/fuzz/require.h"

namespace cloister::fuzz {
namespace {

void CheckSuffixes(absl::string_view name) {
  size_t size = name.size() + 1;
  for (absl::string_view suffix : reputation::HostSuffixes(name)) {
    Require(absl::EndsWith(name, suffix), "each is a suffix of the name");
    Require(suffix.size() < size, "each is shorter than the one before");
    size = suffix.size();
    Require(!reputation::IsPublicSuffix(suffix), "a public suffix is never a key");
  }
}

void CheckName(absl::string_view text) {
  reputation::IsPublicSuffix(text);
  reputation::HostSuffixes(text);
  absl::StatusOr<std::string> name = reputation::CanonicalHostName(text);
  if (!name.ok()) return;
  Require(!name->empty() && name->size() <= 253, "1 to 253 characters");
  absl::StatusOr<std::string> again = reputation::CanonicalHostName(*name);
  Require(again.ok() && *again == *name, "canonical(canonical(x)) == canonical(x)");
  CheckSuffixes(*name);
}

}  // namespace
}  // namespace cloister::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cloister::fuzz::CheckName({reinterpret_cast<const char*>(data), size});
  return 0;
}
