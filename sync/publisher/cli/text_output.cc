#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sync/publisher/cli/duration.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/role_report.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {

std::string Bytes(uint64_t bytes) {
  if (bytes < 10 * 1024) return absl::StrCat(bytes, " bytes");
  if (bytes < 10 * 1024 * 1024) return absl::StrFormat("%.1f KiB", bytes / 1024.0);
  return absl::StrFormat("%.1f MiB", bytes / 1024.0 / 1024.0);
}

void PrintText(const RepositoryReport& report, std::ostream& out) {
  const Published& published = report.published;
  out << "feed \"" << report.feed << "\": ";
  if (!published.timestamp.has_value()) {
    out << "nothing published yet\n";
    PrintRoles(published, report.now, out);
    return;
  }
  out << "version " << published.version() << ", vouched for "
      << FormatLifetime(std::max(report.now - published.timestamp->issued, absl::ZeroDuration()))
      << " ago\n";
  PrintRoles(published, report.now, out);
  out << "  packs on offer\n";
  for (const trust::PackTarget& pack : published.packs) {
    out << absl::StrFormat("    %-24s %9d entries  %s\n", pack.path, pack.entries,
                           Bytes(pack.bytes));
    if (pack.to_version != published.version()) continue;
    out << "      " << pack.version_records << " records; covers "
        << absl::StrJoin(pack.coverage.Names(), ", ") << "\n";
  }
}

}  // namespace cloister::publisher
