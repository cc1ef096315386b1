#include "server/updates/serving_record.h"

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::server {
namespace {

constexpr uint64_t kMaxBytes = 4096;

}  // namespace

absl::Status SaveServingRecord(const std::string& path, const ServingRecord& record) {
  nlohmann::json json = {{"version", record.version},
                         {"content_digest", record.content_digest},
                         {"since", absl::ToUnixSeconds(record.since)}};
  if (record.waiting_since != absl::InfinitePast()) {
    json["waiting_since"] = absl::ToUnixSeconds(record.waiting_since);
  }
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
  ServingRecord record = {.version = version->get<uint64_t>(),
                          .content_digest = digest->get<std::string>(),
                          .since = absl::FromUnixSeconds(since->get<int64_t>())};
  const auto waiting = json.find("waiting_since");
  if (waiting != json.end() && waiting->is_number_integer()) {
    record.waiting_since = absl::FromUnixSeconds(waiting->get<int64_t>());
  }
  return record;
}

}  // namespace cloister::server
