#include "server/updates/serving_record.h"

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::server {
namespace {

constexpr uint64_t kMaxBytes = 4096;

}  // namespace

absl::Status SaveServingRecord(const std::string& path, const ServingRecord& record) {
  const nlohmann::json json = {{"version", record.version},
                               {"content_digest", record.content_digest},
                               {"since", absl::ToUnixSeconds(record.since)}};
  return storage::WriteFileAtomically(path, json.dump(1) + "\n");
}

std::optional<ServingRecord> LoadServingRecord(const std::string& path) {
  const absl::StatusOr<std::string> bytes = storage::ReadFile(path, kMaxBytes);
  if (!bytes.ok()) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto version = json.find("version");
  const auto digest = json.find("content_digest");
  const auto since = json.find("since");
  if (version == json.end() || !version->is_number_unsigned() || digest == json.end() ||
      !digest->is_string() || since == json.end() || !since->is_number_integer()) {
    return std::nullopt;
  }
  return ServingRecord{.version = version->get<uint64_t>(),
                       .content_digest = digest->get<std::string>(),
                       .since = absl::FromUnixSeconds(since->get<int64_t>())};
}

}  // namespace cloister::server
