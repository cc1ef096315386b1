#include "server/admin/page_size.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cloister::server {
namespace {

constexpr int32_t kDefaultPage = 100;
constexpr int32_t kLargestPage = 1000;

}  // namespace

absl::StatusOr<size_t> PageSize(int32_t wanted) {
  if (wanted < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size: ", wanted, " is negative; give 0 for ", kDefaultPage));
  }
  return static_cast<size_t>(wanted == 0 ? kDefaultPage : std::min(wanted, kLargestPage));
}

}  // namespace cloister::server
