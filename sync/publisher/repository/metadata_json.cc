#include "sync/publisher/repository/metadata_json.h"

#include "absl/strings/escaping.h"
#include "reputation/digest.h"
#include "sync/trust/key.h"

namespace cloister::publisher {
namespace {

constexpr absl::string_view kSpecVersion = "1.0.33";

nlohmann::json CommonJson(absl::string_view type, const Common& common) {
  return {{"_type", std::string(type)},
          {"spec_version", std::string(kSpecVersion)},
          {"version", common.version},
          {"expires", MetadataTime(common.expires)}};
}

nlohmann::json FileMetaJson(const trust::FileMeta& meta) {
  return {{"version", meta.version}, {"length", meta.length}, {"hashes", meta.hashes}};
}

}  // namespace

std::string MetadataTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

nlohmann::json RootJson(const trust::Root& root) {
  nlohmann::json json = CommonJson("root", root);
  json["consistent_snapshot"] = root.consistent_snapshot;
  for (const auto& [id, key] : root.keys) json["keys"][id] = trust::PublicKeyToJson(key);
  for (const auto& [role, role_keys] : root.roles) {
    json["roles"][std::string(trust::RoleName(role))] = {{"keyids", role_keys.key_ids},
                                                         {"threshold", role_keys.threshold}};
  }
  return json;
}

nlohmann::json TargetsJson(const Common& common, const std::vector<trust::PackTarget>& packs) {
  nlohmann::json json = CommonJson("targets", common);
  json["targets"] = nlohmann::json::object();
  for (const trust::PackTarget& pack : packs) {
    json["targets"][pack.path] = {{"length", pack.bytes},
                                  {"hashes", {{"sha256", pack.sha256}}},
                                  {"custom", trust::PackTargetToCustom(pack)}};
  }
  return json;
}

trust::FileMeta FileMetaOf(uint64_t version, absl::string_view bytes) {
  const reputation::Sha256Bytes hash = reputation::Sha256(bytes);
  return {.version = version,
          .length = bytes.size(),
          .hashes = {{"sha256", absl::BytesToHexString(absl::string_view(
                                    reinterpret_cast<const char*>(hash.data()), hash.size()))}}};
}

nlohmann::json SnapshotJson(const Common& common, uint64_t targets_version,
                            absl::string_view targets_bytes) {
  nlohmann::json json = CommonJson("snapshot", common);
  json["meta"]["targets.json"] = FileMetaJson(FileMetaOf(targets_version, targets_bytes));
  return json;
}

nlohmann::json TimestampJson(const Common& common, absl::Time issued,
                             const trust::FileMeta& snapshot) {
  nlohmann::json json = CommonJson("timestamp", common);
  json["x-issued"] = MetadataTime(issued);
  json["meta"]["snapshot.json"] = FileMetaJson(snapshot);
  return json;
}

}  // namespace cloister::publisher
