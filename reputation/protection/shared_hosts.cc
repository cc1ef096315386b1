#include "reputation/protection/shared_hosts.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reputation/protection/shared_hosts_text.h"

namespace cloister::reputation {

absl::Status ForEachSharedHost(const SharedHostVisitor& visit) {
  for (absl::string_view line : absl::StrSplit(kSharedHostsText, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || absl::StartsWith(line, "#")) continue;
    const std::pair<absl::string_view, absl::string_view> row =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    for (const absl::string_view name : absl::StrSplit(row.second, ' ', absl::SkipEmpty())) {
      if (absl::Status s = visit(row.first, name); !s.ok()) return s;
    }
  }
  return absl::OkStatus();
}

absl::Status AddSharedHosts(ProtectedSet* set) {
  std::string last;
  return ForEachSharedHost([&](absl::string_view kind, absl::string_view name) {
    if (kind != last) set->BeginSource(absl::StrCat("shared host (", kind, ") "));
    last = std::string(kind);
    return set->AddHost(name, /*and_below=*/false);
  });
}

}  // namespace cloister::reputation
