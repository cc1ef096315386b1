// Matchers for absl::Status and absl::StatusOr (Abseil 20220623 has none of its own).

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/reject_reason.h"

namespace cloister::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(HasCode, code, "has status code " + absl::StatusCodeToString(code)) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P(IsRejectedFor, reason,
          "is rejected for " + std::string(reputation::RejectReasonName(reason))) {
  *result_listener << StatusOf(arg).ToString();
  return reputation::ReasonOf(StatusOf(arg)) == reason;
}

}  // namespace cloister::testing

// The value of a StatusOr, or a fatal failure of the test with its status.
#define ASSERT_OK_AND_ASSIGN(declaration, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL_(CLOISTER_CONCAT_(status_or_, __LINE__), declaration, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL_(result, declaration, expression)   \
  auto result = (expression);                                         \
  ASSERT_TRUE(result.ok()) << #expression << ": " << result.status(); \
  declaration = std::move(result).value()
#define CLOISTER_CONCAT_(a, b) CLOISTER_CONCAT_INNER_(a, b)
#define CLOISTER_CONCAT_INNER_(a, b) a##b
