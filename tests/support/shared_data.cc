#include "tests/support/shared_data.h"

#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cloister::testing {
namespace {

std::string SharedDirectory() {
  const char* directory = getenv("CLOISTER_SHARED");
  return directory != nullptr ? directory : CLOISTER_SOURCE_DIR "/../shared";
}

}  // namespace

std::optional<std::string> SharedData(absl::string_view name) {
  std::string path = absl::StrCat(SharedDirectory(), "/", name);
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

std::string SharedDataHint(absl::string_view name) {
  return absl::StrCat("skipped: ", name, " is not in ", SharedDirectory(),
                      " (set CLOISTER_SHARED to the folder that holds it)");
}

}  // namespace cloister::testing
