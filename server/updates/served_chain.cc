#include "server/updates/served_chain.h"

#include <utility>

#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/trust/metadata.h"

namespace cloister::server {
namespace {

constexpr uint64_t kMaxBytes = 4 << 20;

// One pack as the targets metadata lists it; false if a field is missing or of the wrong type.
bool ReadTarget(const nlohmann::json& entry, trust::Targets* targets) {
  if (!entry.is_object() || !entry.contains("custom")) return false;
  const auto path = entry.find("path");
  const auto length = entry.find("length");
  const auto sha256 = entry.find("sha256");
  if (path == entry.end() || !path->is_string()) return false;
  if (length == entry.end() || !length->is_number_unsigned()) return false;
  if (sha256 == entry.end() || !sha256->is_string()) return false;
  trust::TargetFile& file = targets->targets[path->get<std::string>()];
  file.length = length->get<uint64_t>();
  file.hashes["sha256"] = sha256->get<std::string>();
  file.custom = entry["custom"];
  return true;
}

}  // namespace

absl::Status SaveServedChain(const std::string& path, const std::vector<trust::PackTarget>& chain) {
  nlohmann::json packs = nlohmann::json::array();
  for (const trust::PackTarget& pack : chain) {
    packs.push_back({{"path", pack.path},
                     {"length", pack.bytes},
                     {"sha256", pack.sha256},
                     {"custom", trust::PackTargetToCustom(pack)}});
  }
  return storage::WriteFileAtomically(path, packs.dump(1));
}

std::vector<trust::PackTarget> LoadServedChain(const std::string& path, absl::string_view feed) {
  absl::StatusOr<std::string> bytes = storage::ReadFile(path, kMaxBytes);
  if (!bytes.ok()) return {};
  const nlohmann::json packs = nlohmann::json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!packs.is_array()) return {};
  trust::Targets targets;
  for (const nlohmann::json& entry : packs) {
    if (!ReadTarget(entry, &targets)) return {};
  }
  absl::StatusOr<std::vector<trust::PackTarget>> chain = trust::PacksOnOffer(targets, feed);
  return chain.ok() ? *std::move(chain) : std::vector<trust::PackTarget>();
}

}  // namespace cloister::server
