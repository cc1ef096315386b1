// Canonical package URLs are canonical, and so are their parents.

#include "reputation/purl.h"
#include "tests/fuzz/require.h"

namespace cloister::fuzz {
namespace {

using reputation::PackageUrl;

void CheckCanonical(const PackageUrl& purl) {
  std::string text = purl.ToString();
  // Escapes make a text up to three times as long.
  if (text.size() > PackageUrl::kMaxBytes) return;
  absl::StatusOr<PackageUrl> again = PackageUrl::Parse(text);
  Require(again.ok() && *again == purl, "canonical(canonical(x)) == canonical(x)");
}

}  // namespace
}  // namespace cloister::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cloister::reputation::PackageUrl;
  absl::StatusOr<PackageUrl> purl = PackageUrl::Parse({reinterpret_cast<const char*>(data), size});
  if (!purl.ok()) return 0;
  cloister::fuzz::CheckCanonical(*purl);
  cloister::fuzz::CheckCanonical(purl->WithoutQualifiers());
  cloister::fuzz::CheckCanonical(purl->WithoutVersion());
  return 0;
}
