#include "nlohmann/json.hpp"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/role_report.h"
#include "sync/publisher/repository/metadata_json.h"

namespace cloister::publisher {
namespace {

using nlohmann::json;

// Examples come from outside and may not be UTF-8.
void Print(const json& value, std::ostream& out) {
  out << value.dump(2, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) << "\n";
}

json SourceJson(const feeds::FeedReport& source) {
  json kinds = json::object();
  for (const auto& [kind, count] : source.kinds()) {
    kinds[std::string(reputation::ObjectKindName(kind))] = count;
  }
  json rejected = json::object();
  for (const auto& [fault, rejections] : source.rejections()) {
    json examples = json::array();
    for (const feeds::FeedReport::Example& example : rejections.examples) {
      examples.push_back({{"line", example.line}, {"text", example.text}, {"why", example.why}});
    }
    rejected[std::string(feeds::RowFaultName(fault))] = {{"count", rejections.count},
                                                         {"examples", examples}};
  }
  return {{"source", source.source()},     {"lines", source.lines()}, {"accepted", source.rows()},
          {"rejected", source.rejected()}, {"entries", kinds},        {"rejections", rejected}};
}

json PackJson(const trust::PackTarget& pack) {
  return {{"path", pack.path},         {"sha256", pack.sha256},  {"bytes", pack.bytes},
          {"from", pack.from_version}, {"to", pack.to_version},  {"part", pack.part},
          {"parts", pack.parts},       {"entries", pack.entries}};
}

}  // namespace

void PrintJson(const BuildReport& report, std::ostream& out) {
  const PublishResult& result = report.result;
  json sources = json::array();
  for (const feeds::FeedReport& source : report.sources) sources.push_back(SourceJson(source));
  json value = {{"feed", report.feed},
                {"sources", sources},
                {"duplicates", report.duplicates},
                {"published", result.new_version},
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
  Print(value, out);
}

void PrintJson(const RepositoryReport& report, std::ostream& out) {
  const Published& published = report.published;
  json value = {{"feed", report.feed}, {"version", published.version()}, {"packs", json::array()}};
  value.update(RolesJson(published, report.now));
  if (published.timestamp.has_value()) {
    value["issued"] = MetadataTime(published.timestamp->issued);
  }
  for (const trust::PackTarget& pack : published.packs) {
    value["packs"].push_back(PackJson(pack));
    if (pack.to_version != published.version()) continue;
    value["records"] = pack.version_records;
    value["content_digest"] = pack.content_digest;
    value["coverage"] = pack.coverage.Names();
  }
  Print(value, out);
}

}  // namespace cloister::publisher
