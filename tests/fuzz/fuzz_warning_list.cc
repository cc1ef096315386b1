// A MISP warning list that anybody may have written. What it names is protected, and no more.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/protection/protected_set.h"
#include "reputation/protection/warning_list.h"
#include "reputation/record.h"
#include "tests/fuzz/require.h"

using cloister::fuzz::Require;
using cloister::reputation::ProtectedSet;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  ProtectedSet set;
  uint64_t passed_over = 0;
  const absl::Status added =
      cloister::reputation::AddWarningList(text, "lists/some/list.json", &set, &passed_over);
  Require(added.ok() || absl::IsInvalidArgument(added), "a bad list is an invalid argument");
  // The shortest entry is "1,".
  Require(set.size() + passed_over <= size, "no more is taken than the list holds");
  Require(added.ok() || set.size() + passed_over == 0, "of a bad list nothing is taken");
  set.Sort();
  const auto protects = [&set](const char* name) {
    return set.Protects(cloister::reputation::LookupKey::ForHost(name),
                        cloister::reputation::Scope::kExact);
  };
  Require(!protects("").has_value(), "the empty name is never protected");
  Require(!protects("not a name").has_value(), "what is no name is never protected");
  if (const auto words = protects("example.org"); words.has_value()) {
    Require(words->find("warning list ") == 0, "the list is named");
    Require(words->find('\n') == std::string::npos, "the list's name stays on its line");
  }
  return 0;
}
