#include "sync/publisher/publication/source_files.h"

#include <errno.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

namespace fs = std::filesystem;

constexpr char kPatternCharacters[] = "*?[";
constexpr char kMispManifest[] = "manifest.json";

absl::Status FileError(const std::string& path, const std::error_code& error) {
  const std::string what = absl::StrCat(path, ": ", error.message());
  if (error == std::errc::permission_denied) return absl::PermissionDeniedError(what);
  if (error == std::errc::no_such_file_or_directory) return absl::NotFoundError(what);
  return absl::UnavailableError(what);
}

// Whether `path`, with all links followed, lies in `folder`.
absl::StatusOr<bool> StaysIn(const fs::path& folder, const fs::path& path) {
  std::error_code error;
  const fs::path top = fs::canonical(folder, error);
  if (error) return FileError(folder, error);
  const fs::path target = fs::canonical(path, error);
  if (error) return FileError(path, error);
  const auto [end, rest] = std::mismatch(top.begin(), top.end(), target.begin(), target.end());
  (void)rest;
  return end == top.end();
}

// The regular files among `paths`, sorted.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::vector<std::string>& paths,
                                                 const fs::path& folder) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error) return FileError(path, error);
    if (!fs::is_regular_file(status)) continue;
    absl::StatusOr<bool> stays = StaysIn(folder, path);
    if (!stays.ok()) return stays.status();
    if (!*stays) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": is a link that leads out of ", folder.string(),
                       "; copy the file there, or make it a source of its own"));
    }
    files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

absl::StatusOr<std::vector<std::string>> InFolder(const std::string& path,
                                                  const std::string& format) {
  const fs::path manifest = fs::path(path) / kMispManifest;
  if (format == "misp" && fs::exists(manifest)) return FilesOf({manifest}, path);
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator i(path, error), end; !error && i != end; i.increment(error)) {
    if (!absl::StartsWith(i->path().filename().string(), ".")) names.push_back(i->path());
  }
  if (error) return FileError(path, error);
  absl::StatusOr<std::vector<std::string>> files = FilesOf(names, path);
  if (files.ok() && files->empty()) {
    return absl::NotFoundError(absl::StrCat(path, ": there is no file in this folder"));
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> Matching(const std::string& pattern) {
  const fs::path folder =
      fs::path(pattern.substr(0, pattern.find_first_of(kPatternCharacters))).parent_path();
  std::error_code error;
  if (!fs::exists(fs::status(folder, error))) return FileError(folder, error);
  glob_t found = {};
  const int failed = glob(pattern.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found);
  const std::vector<std::string> names(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (failed != 0 && failed != GLOB_NOMATCH) {
    return absl::PermissionDeniedError(absl::StrCat(pattern, ": a folder cannot be listed"));
  }
  absl::StatusOr<std::vector<std::string>> files = FilesOf(names, folder);
  if (files.ok() && files->empty()) {
    return absl::NotFoundError(absl::StrCat(pattern, ": no file has a name of this pattern"));
  }
  return files;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindSourceFiles(const std::string& path,
                                                         const std::string& format) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  const bool is_pattern = path.find_first_of(kPatternCharacters) != std::string::npos;
  if (!fs::exists(status) && is_pattern) return Matching(path);
  if (!fs::exists(status)) return FileError(path, error);
  if (fs::is_directory(status)) return InFolder(path, format);
  if (access(path.c_str(), R_OK) != 0) {
    return FileError(path, std::error_code(errno, std::generic_category()));
  }
  return std::vector<std::string>{path};
}

}  // namespace cloister::publisher
