#include "tests/bench/workloads.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cloister/v1/reputation.pb.h"
#include "reputation/lookup_key.h"

namespace cloister::bench {
namespace {

// Different keys asked in a workload; more than fit into a processor's caches.
constexpr uint64_t kKeys = 200'000;
constexpr uint64_t kSeed = 0x6d6561737572;

// The key that is asked at `index`.
reputation::Digest Asked(const Digests& listed, double hit_rate, uint64_t index) {
  const bool hit = static_cast<double>(RandomAt(kSeed, 2 * index) % 10'000) < hit_rate * 10'000;
  const uint64_t random = RandomAt(kSeed, 2 * index + 1);
  if (hit) return listed.At(random % listed.count());
  return Digests(kKeys, kSeed).At(random % kKeys);
}

std::string Percent(double share) { return absl::StrCat(static_cast<int>(share * 100), " % hits"); }

}  // namespace

std::string UnaryRequest(const reputation::Digest& digest) {
  v1::LookupRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_FILE);
  request.mutable_object()->set_text(digest.ToHex());
  return request.SerializeAsString();
}

Workload UnaryWorkload(const Digests& listed, double hit_rate) {
  Workload workload;
  workload.name = absl::StrCat("Lookup, 16 in flight, ", Percent(hit_rate));
  workload.method = kLookupMethod;
  workload.hit_rate = hit_rate;
  for (uint64_t i = 0; i < kKeys; ++i) {
    workload.requests.push_back(UnaryRequest(Asked(listed, hit_rate, i)));
  }
  return workload;
}

Workload BatchWorkload(const Digests& listed, double hit_rate, uint32_t keys,
                       uint32_t outstanding) {
  Workload workload;
  workload.name =
      absl::StrCat("BatchLookup of ", keys, ", ", outstanding, " in flight, ", Percent(hit_rate));
  workload.method = kBatchLookupMethod;
  workload.keys_per_request = keys;
  workload.outstanding = outstanding;
  workload.hit_rate = hit_rate;
  for (uint64_t i = 0; i + keys <= kKeys; i += keys) {
    v1::BatchLookupRequest request;
    for (uint32_t k = 0; k < keys; ++k) {
      const auto key = reputation::LookupKey::ForFile(Asked(listed, hit_rate, i + k));
      request.mutable_lookup_keys()->append(key.bytes().data(), key.bytes().size());
    }
    workload.requests.push_back(request.SerializeAsString());
  }
  return workload;
}

absl::StatusOr<double> HitRate(const Workload& workload, const std::vector<std::string>& answers) {
  uint64_t listed = 0;
  uint64_t keys = 0;
  for (const std::string& bytes : answers) {
    std::string statuses;
    if (workload.method == kLookupMethod) {
      v1::LookupResponse answer;
      if (!answer.ParseFromString(bytes)) return absl::InternalError("not a LookupResponse");
      statuses.push_back(static_cast<char>(answer.status()));
    } else {
      v1::BatchLookupResponse answer;
      if (!answer.ParseFromString(bytes)) return absl::InternalError("not a BatchLookupResponse");
      statuses = answer.statuses();
    }
    const auto is_listed = [](char status) { return status == v1::ANSWER_STATUS_LISTED; };
    const auto is_not_listed = [](char status) { return status == v1::ANSWER_STATUS_NOT_LISTED; };
    const auto hits =
        static_cast<uint64_t>(std::count_if(statuses.begin(), statuses.end(), is_listed));
    const auto misses =
        static_cast<uint64_t>(std::count_if(statuses.begin(), statuses.end(), is_not_listed));
    if (hits + misses != workload.keys_per_request) {
      return absl::InternalError(absl::StrCat(workload.name, ": ", hits, " + ", misses,
                                              " answers to ", workload.keys_per_request, " keys"));
    }
    listed += hits;
    keys += workload.keys_per_request;
  }
  if (keys == 0) return absl::InternalError("no answers");
  return static_cast<double>(listed) / static_cast<double>(keys);
}

}  // namespace cloister::bench
