#include "reputation/protection/list_file.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"

namespace cloister::reputation {

absl::StatusOr<std::string> ReadListFile(const std::string& path, uint64_t max_bytes) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error).string();
  absl::StatusOr<std::string> text = storage::ReadFile(error ? path : real, max_bytes);
  if (text.ok()) return text;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", text.status().message(),
                                                 "; make it readable, or take it off the list"));
}

}  // namespace cloister::reputation
