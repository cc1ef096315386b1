#include "sync/transport/http/retry_after.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cloister::transport {
namespace {

constexpr char kPayload[] = "cloister.dev/retry_after_s";

}  // namespace

absl::Duration RetryAfterOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  int64_t seconds = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &seconds)) return absl::ZeroDuration();
  return absl::Seconds(seconds);
}

void SetRetryAfter(absl::Duration wait, absl::Status* status) {
  status->SetPayload(kPayload, absl::Cord(absl::StrCat(absl::ToInt64Seconds(wait))));
}

}  // namespace cloister::transport
