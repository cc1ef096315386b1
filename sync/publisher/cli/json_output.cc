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

json PackJson(const trust::PackTarget& pack) {
  return {{"path", pack.path},         {"sha256", pack.sha256},  {"bytes", pack.bytes},
          {"from", pack.from_version}, {"to", pack.to_version},  {"part", pack.part},
          {"parts", pack.parts},       {"entries", pack.entries}};
}

}  // namespace

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
