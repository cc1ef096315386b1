// What a build came to, for people.

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {
namespace {

// "2 host, 1 ip"; nothing for nothing.
template <typename Word>
void PrintCounts(absl::string_view title, const std::map<Word, uint64_t>& counts,
                 absl::string_view (*name)(Word), std::ostream& out) {
  if (counts.empty()) return;
  out << "  " << title << ": "
      << absl::StrJoin(counts, ", ",
                       [name](std::string* text, const auto& count) {
                         absl::StrAppend(text, count.second, " ", name(count.first));
                       })
      << "\n";
}

void PrintRejections(const feeds::FeedReport& reading, std::ostream& out) {
  for (const auto& [fault, rejections] : reading.rejections()) {
    out << "  rejected as " << feeds::RowFaultName(fault) << ": " << rejections.count << "\n";
    for (const feeds::FeedReport::Example& example : rejections.examples) {
      out << "    ";
      if (!example.file.empty()) out << example.file << ": ";
      if (example.line != 0) out << "line " << example.line << ": ";
      out << example.why << "\n      " << example.text << "\n";
    }
  }
}

void PrintGuarded(const SourceReport& source, std::ostream& out) {
  for (const auto& [guard, stopped] : source.guarded) {
    out << (stopped.action == GuardAction::kHold ? "  held by " : "  refused by ")
        << GuardName(guard) << ": " << stopped.count << "\n";
    for (const GuardedEntries::Example& example : stopped.examples) {
      out << "    " << example.listed << ": " << example.why << "\n";
    }
  }
}

void PrintMerge(const SourceMerge& merge, std::ostream& out) {
  if (merge.repeated + merge.shared + merge.overruled == 0) return;
  out << "  merged: " << merge.repeated << " repeated in it, " << merge.shared
      << " that another source says, too, " << merge.overruled << " overruled by another source\n";
}

void PrintNote(const trust::SourceNote& note, std::ostream& out) {
  if (note.licence.empty() && note.redistribution == trust::Redistribution::kUnstated) return;
  out << "  licence: " << (note.licence.empty() ? "not stated" : note.licence)
      << ", redistribution " << reputation::RedistributionName(note.redistribution) << "\n";
}

void PrintOrigin(const SourceReport& source, std::ostream& out) {
  const std::string origin = absl::StrCat(source.format, ":", source.place);
  if (origin != source.name) {
    out << "  from " << origin;
    if (source.files > 1) out << " (" << source.files << " files)";
    out << "\n";
  }
  if (!source.last_copy.has_value()) return;
  out << "  read from its last good copy, of " << MetadataTime(source.last_copy->fetched_at) << ": "
      << source.last_copy->why << "\n";
}

void PrintSource(const SourceReport& source, std::ostream& out) {
  const feeds::FeedReport& reading = source.reading;
  out << source.name << ": " << reading.lines() << " lines, " << reading.rows()
      << " listings accepted, " << reading.rejected() << " rejected\n";
  PrintOrigin(source, out);
  PrintCounts("entries", source.kinds, reputation::ObjectKindName, out);
  PrintCounts("verdicts", source.verdicts, reputation::VerdictName, out);
  if (source.exclusions > 0) out << "  exclusions: " << source.exclusions << "\n";
  PrintCounts("categories", source.categories, reputation::CategoryName, out);
  if (source.entries_before.has_value() && *source.entries_before != source.entries) {
    out << "  the last version was made of " << *source.entries_before << " entries of it, this of "
        << source.entries << "\n";
  }
  PrintMerge(source.merge, out);
  PrintRejections(reading, out);
  PrintGuarded(source, out);
  PrintNote(source.note, out);
}

void PrintConflicts(const BuildReport& report, std::ostream& out) {
  if (report.conflicts == 0) return;
  out << "conflicts: " << report.conflicts << " (one source condemns what another vouches for)\n";
  for (const NamedConflict& conflict : report.conflict_examples) {
    out << "  " << (conflict.is_listed ? "" : "lookup key ") << conflict.object << ": "
        << conflict.winner << " says " << conflict.kept << ", which is kept; " << conflict.loser
        << " says " << conflict.overruled << "\n";
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

void PrintPublished(const BuildReport& report, std::ostream& out) {
  const PublishResult& result = *report.published;
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

}  // namespace

void PrintSources(const BuildReport& report, std::ostream& out) {
  for (const SourceReport& source : report.sources) PrintSource(source, out);
  if (report.duplicates > 0) {
    out << "duplicates merged: " << report.duplicates
        << " (what the most trusted source says is kept, of these the gravest verdict)\n";
  }
  PrintConflicts(report, out);
  if (!report.held_file.empty()) {
    uint64_t stopped = 0;
    for (const SourceReport& source : report.sources) {
      for (const auto& [guard, entries] : source.guarded) stopped += entries.count;
    }
    if (stopped > 0) {
      out << "guards stopped " << stopped << " entries, all listed in " << report.held_file << "\n";
    }
  }
}

void PrintText(const BuildReport& report, std::ostream& out) {
  PrintSources(report, out);
  if (report.published.has_value()) {
    PrintPublished(report, out);
  } else {
    out << "A version of feed \"" << report.feed << "\" would have " << report.records
        << " records. Nothing was published.\n";
  }
}

}  // namespace cloister::publisher
