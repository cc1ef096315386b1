#include "sync/worker/import_outcomes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/worker/log.h"

namespace cloister::worker {
namespace {

constexpr uint32_t kFolderMode = 02750;  // as the spool's: its group may read
constexpr uint32_t kFileMode = 0640;

void RemoveOldest(const std::string& folder) {
  auto names = storage::ListDirectory(folder);
  if (!names.ok() || names->size() <= ImportOutcomes::kMostFiles) return;
  std::vector<std::pair<time_t, std::string>> files;
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(folder, "/", name);
    struct stat info {};
    if (lstat(path.c_str(), &info) == 0) files.emplace_back(info.st_mtime, path);
  }
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i + ImportOutcomes::kMostFiles < files.size(); ++i) {
    unlink(files[i].second.c_str());
  }
}

}  // namespace

void ImportOutcomes::Tell(const trust::BundleImport& import) {
  const std::string folder = absl::StrCat(spool_directory_, "/", trust::kImportsFolder);
  absl::Status s = storage::MakeDirectories(folder, kFolderMode);
  if (s.ok()) {
    s = storage::WriteFileAtomically(trust::BundleImportPath(spool_directory_, import.bundle),
                                     trust::EncodeBundleImport(import), kFileMode);
  }
  if (s.ok()) {
    RemoveOldest(folder);
  } else {
    Log(Severity::kError, "import_not_told",
        {{"bundle", import.bundle}, {"message", std::string(s.message())}});
  }
}

}  // namespace cloister::worker
