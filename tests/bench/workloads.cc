#include "tests/bench/workloads.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cloister/v1/reputation.pb.h"
#include "reputation/lookup_key.h"

namespace cloister::bench {
namespace {

constexpr double kHitRateTolerance = 0.08;

std::string BatchRequest(const KeyChoice& choice, uint64_t first, uint32_t keys) {
  v1::BatchLookupRequest request;
  for (uint32_t i = 0; i < keys; ++i) {
    const auto key = reputation::LookupKey::ForFile(choice.At(first + i));
    request.mutable_lookup_keys()->append(key.bytes().data(), key.bytes().size());
  }
  return request.SerializeAsString();
}

}  // namespace

std::string UnaryRequest(const reputation::Digest& digest) {
  v1::LookupRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_FILE);
  request.mutable_object()->set_text(digest.ToHex());
  return request.SerializeAsString();
}

std::string MethodTitle(uint32_t keys_per_request) {
  return keys_per_request == 1 ? "Lookup" : absl::StrCat("BatchLookup of ", keys_per_request);
}

Workload MakeWorkload(const KeyChoice& choice, const WorkloadSize& size) {
  const KeyChoice::Options& options = choice.options();
  Workload workload;
  workload.name = absl::StrCat(MethodTitle(size.keys_per_request), ", ", size.outstanding,
                               " in flight, ", std::lround(options.hit_rate * 100), " % hits");
  if (options.spreading == Spreading::kZipf) workload.name += ", Zipf";
  const bool unary = size.keys_per_request == 1;
  workload.method = unary ? kLookupMethod : kBatchLookupMethod;
  workload.keys_per_request = size.keys_per_request;
  workload.outstanding = size.outstanding;
  workload.hit_rate = options.hit_rate;
  for (uint64_t i = 0; i + size.keys_per_request <= size.keys; i += size.keys_per_request) {
    workload.requests.push_back(unary ? UnaryRequest(choice.At(i))
                                      : BatchRequest(choice, i, size.keys_per_request));
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

absl::Status CheckHitRate(const Workload& workload, absl::StatusOr<double> found) {
  if (!found.ok()) return found.status();
  if (std::abs(*found - workload.hit_rate) <= kHitRateTolerance) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(workload.name, ": ", *found, " are listed"));
}

}  // namespace cloister::bench
