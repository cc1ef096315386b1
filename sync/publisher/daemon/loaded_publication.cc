#include "sync/publisher/daemon/loaded_publication.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "storage/files/files.h"
#include "sync/publisher/daemon/log.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/sources/header_files.h"

namespace cloister::publisher {
namespace {

namespace fs = std::filesystem;

bool SameKeys(const Publication& one, const Publication& other) {
  return one.repository == other.repository && one.key_folders == other.key_folders &&
         one.keys == other.keys && one.passphrase_file == other.passphrase_file &&
         one.pin_file == other.pin_file;
}

absl::StatusOr<RoleSigners> Unlock(const Publication& publication, const Repository& repository,
                                   const UnlockKeys& unlock) {
  const absl::StatusOr<Published> published = repository.Load(absl::Now());
  if (!published.ok()) return published.status();
  return unlock(publication, published->root);
}

std::string StateOf(const fs::path& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return "absent ";
  return absl::StrCat(file.string(), " ", info.st_size, " ", info.st_ino, " ", info.st_mtim.tv_sec,
                      ".", info.st_mtim.tv_nsec, " ");
}

// Of a file, or of the files in a folder and below it. One that is not there is a build's to tell.
std::string TreeState(const std::string& path) {
  constexpr size_t kMaxFiles = 10'000;
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return StateOf(path);
  std::vector<std::string> states;
  for (fs::recursive_directory_iterator at(path, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (states.size() < kMaxFiles && !at->is_directory(failed))
      states.push_back(StateOf(at->path()));
  }
  std::sort(states.begin(), states.end());
  return absl::StrJoin(states, "");
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoadedPublication>> LoadPublication(
    const std::string& file, const UnlockKeys& unlock, const LoadedPublication* before) {
  auto loaded = std::make_unique<LoadedPublication>();
  absl::StatusOr<Publication> read = ReadPublication(file);
  if (!read.ok()) return read.status();
  loaded->publication = *std::move(read);
  const auto digest = storage::Sha256OfFile(file);
  if (!digest.ok()) return digest.status();
  loaded->digest = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest->data()), digest->size()));
  const auto repository = Repository::OpenReadOnly(loaded->publication.repository);
  if (!repository.ok()) return repository.status();
  loaded->feed = (*repository)->settings().feed;
  if (before != nullptr && SameKeys(before->publication, loaded->publication)) {
    loaded->signers = before->signers;
  } else {
    absl::StatusOr<RoleSigners> signers = Unlock(loaded->publication, **repository, unlock);
    if (!signers.ok()) return signers.status();
    loaded->signers = *std::move(signers);
  }
  for (const PublicationSource& source : loaded->publication.sources) {
    if (!source.web.has_value()) continue;
    for (const std::string& warning : HeaderFileWarnings(source.web->header_files)) {
      Log(Severity::kWarning, "key_open_to_all", {{"source", source.name}, {"message", warning}});
    }
  }
  return loaded;
}

std::string GuardFingerprint(const GuardOptions& guards) {
  std::string all;
  for (const auto* paths : {&guards.warning_lists, &guards.popular_hosts, &guards.allow_files}) {
    for (const std::string& path : *paths) all += TreeState(path);
  }
  return all;
}

}  // namespace cloister::publisher
