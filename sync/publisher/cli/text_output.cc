#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sync/publisher/cli/duration.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/role_report.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {
namespace {

std::string Bytes(uint64_t bytes) {
  if (bytes < 10 * 1024) return absl::StrCat(bytes, " bytes");
  if (bytes < 10 * 1024 * 1024) return absl::StrFormat("%.1f KiB", bytes / 1024.0);
  return absl::StrFormat("%.1f MiB", bytes / 1024.0 / 1024.0);
}

void PrintSource(const feeds::FeedReport& source, std::ostream& out) {
  out << source.source() << ": " << source.lines() << " lines, " << source.rows()
      << " listings accepted, " << source.rejected() << " rejected\n";
  const std::string kinds =
      absl::StrJoin(source.kinds(), ", ", [](std::string* text, const auto& k) {
        absl::StrAppend(text, k.second, " ", reputation::ObjectKindName(k.first));
      });
  if (!kinds.empty()) out << "  entries: " << kinds << "\n";
  for (const auto& [fault, rejections] : source.rejections()) {
    out << "  rejected as " << feeds::RowFaultName(fault) << ": " << rejections.count << "\n";
    for (const feeds::FeedReport::Example& example : rejections.examples) {
      out << "    line " << example.line << ": " << example.why << "\n      " << example.text
          << "\n";
    }
  }
}

void PrintPacks(const PublishResult& result, std::ostream& out) {
  if (result.delta_bytes > 0) {
    out << "  delta: " << Bytes(result.delta_bytes) << " (" << result.added << " entries added, "
        << result.changed << " changed, " << result.removed << " removed)\n";
  }
  if (result.merged_delta_bytes > 0) {
    out << "  merged deltas: " << Bytes(result.merged_delta_bytes)
        << ", for clients further behind\n";
  }
  if (result.snapshot_bytes > 0) {
    out << "  snapshot: " << Bytes(result.snapshot_bytes) << " in " << result.snapshot_parts
        << (result.snapshot_parts == 1 ? " part" : " parts")
        << absl::StrFormat(", %.1f bytes a record\n",
                           static_cast<double>(result.snapshot_bytes) / result.records);
  }
}

}  // namespace

void PrintSources(const BuildReport& report, std::ostream& out) {
  for (const feeds::FeedReport& source : report.sources) PrintSource(source, out);
}

void PrintText(const BuildReport& report, std::ostream& out) {
  PrintSources(report, out);
  if (report.duplicates > 0) {
    out << "duplicates merged: " << report.duplicates << " (the gravest verdict is kept)\n";
  }
  const PublishResult& result = report.result;
  if (result.new_version) {
    out << "Published version " << result.version << " of feed \"" << report.feed
        << "\": " << result.records << " records, " << result.labels << " labels\n";
  } else if (result.snapshot_bytes > 0) {
    out << "Nothing changed; version " << result.version << " is now also there as snapshot.\n";
  } else if (result.renewed) {
    out << "Nothing changed; the signatures of version " << result.version << " were renewed.\n";
  } else {
    out << "Nothing changed since version " << result.version
        << ", and nothing was published. To vouch for it again: refresh-timestamp\n";
  }
  PrintPacks(result, out);
  out << "  expires " << MetadataTime(result.expires)
      << " unless it is published or refreshed before\n";
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
