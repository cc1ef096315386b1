#include "storage/store/override_batch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/digest.h"
#include "storage/store/stored_override.h"

namespace cloister::storage {
namespace {

void AppendWithLength(absl::string_view bytes, std::string* out) {
  const uint32_t length = static_cast<uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(length >> shift));
  absl::StrAppend(out, bytes);
}

absl::StatusOr<std::string> EncodeWhatItSays(Override value) {
  value.reason.clear();
  value.actor.clear();
  value.set_at = absl::UnixEpoch();
  return EncodeOverride(value);
}

absl::StatusOr<std::string> Sha256OfContent(
    const std::map<absl::string_view, const Override*>& by_key) {
  std::string content;
  for (const auto& [key, value] : by_key) {
    absl::StatusOr<std::string> said = EncodeWhatItSays(*value);
    if (!said.ok()) return said.status();
    AppendWithLength(key, &content);
    AppendWithLength(*said, &content);
  }
  const reputation::Sha256Bytes hash = reputation::Sha256(content);
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

}  // namespace

absl::StatusOr<OverrideBatch> EncodeOverrideBatch(std::span<const KeyedOverride> overrides) {
  if (overrides.empty()) return absl::InvalidArgumentError("there is no override in the batch");
  OverrideBatch batch;
  std::map<absl::string_view, const Override*> by_key;
  for (size_t i = 0; i < overrides.size(); ++i) {
    const auto& [key, value] = overrides[i];
    absl::StatusOr<std::string> encoded = EncodeOverride(value);
    if (!encoded.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("override ", i, ": ", encoded.status().message()));
    }
    batch.encoded.insert_or_assign(std::string(key.bytes()), *std::move(encoded));
    by_key.insert_or_assign(key.bytes(), &value);
  }
  absl::StatusOr<std::string> sha256 = Sha256OfContent(by_key);
  if (!sha256.ok()) return sha256.status();
  batch.sha256 = *std::move(sha256);
  return batch;
}

absl::StatusOr<uint64_t> CountOverrides(const Database& database,
                                        const std::vector<rocksdb::Slice>& keys) {
  constexpr size_t kChunkKeys = 256;
  uint64_t found = 0;
  for (size_t first = 0; first < keys.size(); first += kChunkKeys) {
    const size_t count = std::min(keys.size() - first, kChunkKeys);
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);
    database.db()->MultiGet(rocksdb::ReadOptions(), database.overrides(), count, &keys[first],
                            values.data(), statuses.data(), /*sorted_input=*/true);
    for (const rocksdb::Status& status : statuses) {
      if (status.IsNotFound()) continue;
      if (!status.ok()) return DatabaseError(status, "read an override");
      ++found;
    }
  }
  return found;
}

}  // namespace cloister::storage
