// What a build came to, for programs. docs/publication.md describes the fields.

#include <map>

#include "nlohmann/json.hpp"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/publication/build_report.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {
namespace {

using nlohmann::json;

template <typename Word>
json CountsJson(const std::map<Word, uint64_t>& counts, absl::string_view (*name)(Word)) {
  json value = json::object();
  for (const auto& [word, count] : counts) value[std::string(name(word))] = count;
  return value;
}

json RejectionsJson(const feeds::FeedReport& reading) {
  json rejected = json::object();
  for (const auto& [fault, rejections] : reading.rejections()) {
    json examples = json::array();
    for (const feeds::FeedReport::Example& example : rejections.examples) {
      json value = {{"text", example.text}, {"why", example.why}};
      if (example.line != 0) value["line"] = example.line;
      if (!example.file.empty()) value["file"] = example.file;
      examples.push_back(std::move(value));
    }
    rejected[std::string(feeds::RowFaultName(fault))] = {{"count", rejections.count},
                                                         {"examples", examples}};
  }
  return rejected;
}

json GuardedJson(const SourceReport& source) {
  json guarded = json::object();
  for (const auto& [guard, stopped] : source.guarded) {
    json examples = json::array();
    for (const GuardedEntries::Example& example : stopped.examples) {
      examples.push_back({{"object", example.listed}, {"why", example.why}});
    }
    guarded[std::string(GuardName(guard))] = {
        {"action", std::string(GuardActionName(stopped.action))},
        {"count", stopped.count},
        {"examples", examples}};
  }
  return guarded;
}

json NoteJson(const trust::SourceNote& note) {
  return {{"licence", note.licence},
          {"attribution", note.attribution},
          {"url", note.url},
          {"redistribution", std::string(reputation::RedistributionName(note.redistribution))}};
}

json SourceJson(const SourceReport& source) {
  const feeds::FeedReport& reading = source.reading;
  json value = {{"source", source.name},
                {"format", source.format},
                {"place", source.place},
                {"files", source.files},
                {"lines", reading.lines()},
                {"accepted", reading.rows()},
                {"rejected", reading.rejected()},
                {"rejections", RejectionsJson(reading)},
                {"entry_count", source.entries},
                {"entries", CountsJson(source.kinds, reputation::ObjectKindName)},
                {"verdicts", CountsJson(source.verdicts, reputation::VerdictName)},
                {"categories", CountsJson(source.categories, reputation::CategoryName)},
                {"exclusions", source.exclusions},
                {"guarded", GuardedJson(source)},
                {"kept", source.merge.kept},
                {"repeated", source.merge.repeated},
                {"shared", source.merge.shared},
                {"overruled", source.merge.overruled},
                {"note", NoteJson(source.note)}};
  if (source.entries_before.has_value()) value["entry_count_before"] = *source.entries_before;
  if (source.last_copy.has_value()) {
    value["last_copy"] = {{"fetched_at", MetadataTime(source.last_copy->fetched_at)},
                          {"why", source.last_copy->why}};
  }
  return value;
}

json ConflictsJson(const BuildReport& report) {
  json conflicts = json::array();
  for (const NamedConflict& conflict : report.conflict_examples) {
    conflicts.push_back({{conflict.is_listed ? "object" : "lookup_key", conflict.object},
                         {"winner", conflict.winner},
                         {"kept", conflict.kept},
                         {"loser", conflict.loser},
                         {"overruled", conflict.overruled}});
  }
  return {{"count", report.conflicts}, {"examples", conflicts}};
}

json PublishedJson(const PublishResult& result) {
  json value = {{"published", result.new_version},
                {"renewed", result.renewed},
                {"version", result.version},
                {"records", result.records},
                {"labels", result.labels},
                {"content_digest", result.content_digest},
                {"added", result.added},
                {"changed", result.changed},
                {"removed", result.removed},
                {"delta_bytes", result.delta_bytes},
                {"merged_delta_bytes", result.merged_delta_bytes},
                {"snapshot_bytes", result.snapshot_bytes},
                {"snapshot_parts", result.snapshot_parts},
                {"expires", MetadataTime(result.expires)}};
  if (result.snapshot_bytes > 0) {
    value["bytes_per_record"] = static_cast<double>(result.snapshot_bytes) / result.records;
  }
  return value;
}

}  // namespace

std::string BuildReportJson(const BuildReport& report, absl::string_view error) {
  json sources = json::array();
  for (const SourceReport& source : report.sources) sources.push_back(SourceJson(source));
  json value = {{"feed", report.feed},
                {"sources", sources},
                {"duplicates", report.duplicates},
                {"conflicts", ConflictsJson(report)},
                {"published", false},
                {"records", report.records}};
  if (!report.held_file.empty()) value["held_file"] = report.held_file;
  if (!error.empty()) value["error"] = std::string(error);
  if (report.published.has_value()) value.update(PublishedJson(*report.published));
  // Examples come from outside and may not be UTF-8.
  return value.dump(2, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) + "\n";
}

void PrintJson(const BuildReport& report, std::ostream& out) {
  out << BuildReportJson(report, /*error=*/"");
}

}  // namespace cloister::publisher
