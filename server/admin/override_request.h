// What an operator asks to override, checked.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.pb.h"
#include "reputation/lookup_key.h"
#include "storage/store/generation.h"

namespace cloister::server {

// What an override is about.
struct OverrideTarget {
  reputation::LookupKey key;
  reputation::ObjectKind kind;
  std::string text;        // canonical
  bool is_prefix = false;  // a network rather than one address
};

// The object's own key: a URL's exact expression, an address or a prefix ("192.0.2.0/24").
// InvalidArgument names the field and the mend.
absl::StatusOr<OverrideTarget> ParseOverrideTarget(const v1::Object& object);

// OK if `reason` is 1 to 1024 bytes on one line.
absl::Status CheckReason(absl::string_view reason);

// Who sets overrides, why and when.
struct OverrideAuthor {
  std::string actor;
  std::string reason;
  absl::Time now;
};

// What `request` asks for, but for its reason. InvalidArgument if `valid_for` is out of range.
absl::StatusOr<v1::Override> WantedOverride(const v1::SetOverrideRequest& request, absl::Time now);

// The override that is wanted. InvalidArgument as above, for an object that strangers share (a
// public suffix, 0.0.0.0/0), for a verdict or scope that it cannot have, for words and numbers that
// a record does not hold, and for times out of range.
absl::StatusOr<storage::Override> ParseOverride(const v1::Override& wanted,
                                                const OverrideTarget& target,
                                                const OverrideAuthor& author);

void SetOverrideProto(const storage::Override& value, v1::Override* out);

}  // namespace cloister::server
