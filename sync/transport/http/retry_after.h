// How long a server asked to be left in peace, as a part of the error that its answer became.

#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cloister::transport {

// "Retry-After" of the answer, at most a day; zero if the server did not ask.
absl::Duration RetryAfterOf(const absl::Status& status);

void SetRetryAfter(absl::Duration wait, absl::Status* status);

}  // namespace cloister::transport
