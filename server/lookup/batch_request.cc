#include "server/lookup/batch_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/object.h"

namespace cloister::server {
namespace {

using reputation::LookupKey;

// Prefixes that addresses may add to the keys of one batch, for each key allowed.
constexpr uint64_t kMaxProbesPerKey = 32;
constexpr size_t kShortestKey = 7;  // an IPv4 prefix

absl::Status TooManyKeys(uint32_t max_keys) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "lookup_keys: more than ", max_keys,
      " keys in one call; split the batch, or raise [limits] max_batch_keys of the server"));
}

absl::StatusOr<std::vector<LookupKey>> DecodeKeys(const std::string& bytes, uint32_t max_keys) {
  if (bytes.size() > uint64_t{max_keys} * LookupKey::kMaxSize) return TooManyKeys(max_keys);
  std::vector<LookupKey> keys;
  keys.reserve(
      std::min<size_t>(bytes.size() / kShortestKey + 1, bytes.size() / LookupKey::kMaxSize + 16));
  absl::string_view rest = bytes;
  while (!rest.empty()) {
    if (keys.size() == max_keys) return TooManyKeys(max_keys);
    absl::StatusOr<LookupKey> key = LookupKey::Consume(&rest);
    if (!key.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("lookup_keys: key ", keys.size(),
                                                     " at offset ", bytes.size() - rest.size(),
                                                     ": ", key.status().message()));
    }
    keys.push_back(*key);
  }
  return keys;
}

absl::Status CheckCounts(const v1::BatchLookupRequest& request, size_t keys) {
  if (request.key_counts().empty()) {
    if (request.exact_counts().empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "exact_counts: is set without key_counts; leave it empty, or give key_counts too");
  }
  uint64_t sum = 0;
  for (int i = 0; i < request.key_counts_size(); ++i) {
    const uint32_t count = request.key_counts(i);
    if (count < 1 || count > reputation::LookupKeys::kMaxKeys) {
      return absl::InvalidArgumentError(absl::StrCat("key_counts[", i, "]: ", count,
                                                     " is not between 1 and ",
                                                     reputation::LookupKeys::kMaxKeys));
    }
    sum += count;
  }
  if (sum != keys) {
    return absl::InvalidArgumentError(absl::StrCat("key_counts: they add up to ", sum,
                                                   ", and lookup_keys holds ", keys, " keys"));
  }
  if (request.exact_counts().empty()) return absl::OkStatus();
  if (request.exact_counts_size() != request.key_counts_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("exact_counts: has ", request.exact_counts_size(), " entries, and key_counts ",
                     request.key_counts_size(), "; give one for each object, or none"));
  }
  for (int i = 0; i < request.exact_counts_size(); ++i) {
    const uint32_t exact = request.exact_counts(i);
    if (exact < 1 || exact > request.key_counts(i)) {
      return absl::InvalidArgumentError(absl::StrCat("exact_counts[", i, "]: ", exact,
                                                     " is not between 1 and the object's ",
                                                     request.key_counts(i), " keys"));
    }
  }
  return absl::OkStatus();
}

void CutIntoObjects(const v1::BatchLookupRequest& request, DecodedBatch* batch) {
  batch->objects.reserve(static_cast<size_t>(request.key_counts_size()));
  uint32_t first = 0;
  for (int i = 0; i < request.key_counts_size(); ++i) {
    const uint32_t count = request.key_counts(i);
    const uint32_t exact = request.exact_counts().empty() ? 1 : request.exact_counts(i);
    batch->objects.push_back({.first = first,
                              .count = count,
                              .given = static_cast<uint8_t>(count),
                              .exact = static_cast<uint8_t>(exact)});
    first += count;
  }
}

// Whether the shorter prefixes around an address are to be added behind `key`.
bool IsAddress(const LookupKey& key) {
  if (key.kind() != reputation::ObjectKind::kIp) return false;
  const int length = static_cast<unsigned char>(key.body().back());
  return length == (key.form() == reputation::LookupForm::kIpv4Prefix ? 32 : 128);
}

// What the prefixes cost in time; in memory they cost a slice.
absl::Status CheckProbes(const DecodedBatch& batch, const reputation::PrefixLengths& lengths,
                         uint64_t max_probes) {
  uint64_t probes = batch.keys.size();
  for (size_t i = 0; i < batch.object_count(); ++i) {
    const BatchObject object = batch.object(i);
    const LookupKey& last = batch.keys[object.first + object.given - 1];
    if (!IsAddress(last)) continue;
    const bool is_v4 = last.form() == reputation::LookupForm::kIpv4Prefix;
    probes += is_v4 ? lengths.v4.count() : lengths.v6.count();
  }
  if (probes <= max_probes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "lookup_keys: the addresses have more prefixes than one call may probe; split the batch");
}

}  // namespace

absl::StatusOr<DecodedBatch> DecodeBatch(const v1::BatchLookupRequest& request, uint32_t max_keys,
                                         const reputation::PrefixLengths& lengths) {
  absl::StatusOr<std::vector<LookupKey>> keys = DecodeKeys(request.lookup_keys(), max_keys);
  if (!keys.ok()) return keys.status();
  if (absl::Status s = CheckCounts(request, keys->size()); !s.ok()) return s;
  DecodedBatch batch;
  batch.keys = *std::move(keys);
  CutIntoObjects(request, &batch);
  absl::Status bounded = CheckProbes(batch, lengths, uint64_t{max_keys} * kMaxProbesPerKey);
  if (!bounded.ok()) return bounded;
  return batch;
}

BatchSlices::BatchSlices(const DecodedBatch& batch, const reputation::PrefixLengths& lengths)
    : batch_(batch),
      lengths_(lengths),
      has_addresses_(std::any_of(batch.keys.begin(), batch.keys.end(), IsAddress)) {}

bool BatchSlices::Next(BatchSlice* slice) {
  if (next_ == batch_.object_count()) return false;
  *slice = {};
  slice->batch = &batch_;
  slice->first_object = next_;
  if (!has_addresses_) {
    slice->keys = batch_.keys;
    slice->object_count = batch_.object_count();
    next_ = batch_.object_count();
    return true;
  }
  keys_.clear();
  objects_.clear();
  while (next_ < batch_.object_count() && keys_.size() < kEnoughKeys) {
    Expand(batch_.object(next_++));
  }
  slice->keys = keys_;
  slice->object_count = objects_.size();
  slice->expanded = &objects_;
  return true;
}

void BatchSlices::Expand(const BatchObject& object) {
  BatchObject expanded = object;
  expanded.first = static_cast<uint32_t>(keys_.size());
  const auto begin = batch_.keys.begin() + object.first;
  keys_.insert(keys_.end(), begin, begin + object.given);
  if (IsAddress(keys_.back())) {
    reputation::LookupKeys address;
    address.keys.assign(1, keys_.back());
    reputation::AddIpPrefixes(lengths_, &address);
    keys_.insert(keys_.end(), address.keys.begin() + 1, address.keys.end());
    expanded.count = static_cast<uint32_t>(keys_.size()) - expanded.first;
  }
  objects_.push_back(expanded);
}

}  // namespace cloister::server
