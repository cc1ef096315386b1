#include "server/daemon/surroundings.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/admin/bundle_inbox.h"
#include "server/auth/tls_credentials.h"
#include "server/protection/protected_objects.h"
#include "storage/files/files.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"

namespace cloister::server {
namespace {

absl::Status BadFolder(absl::string_view setting, const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(setting, ": ", path, ": ", what));
}

absl::Status CheckRoots(const Configuration& configuration) {
  for (const FeedConfig& feed : configuration.feeds) {
    absl::StatusOr<std::string> bytes =
        storage::ReadFile(feed.root, trust::Limits().max_root_bytes);
    if (!bytes.ok()) {
      return absl::Status(bytes.status().code(),
                          absl::StrCat("feed ", feed.name, ", root: ", bytes.status().message(),
                                       "; copy the feed's first root.json there"));
    }
    trust::TrustedState initial;
    initial.root = *std::move(bytes);
    absl::Status root = trust::Updater::Create(initial, trust::Limits()).status();
    if (!root.ok()) {
      return absl::Status(root.code(), absl::StrCat("feed ", feed.name, ", root: ", feed.root, ": ",
                                                    root.message()));
    }
  }
  return absl::OkStatus();
}

// The folder above that exists, where `path` would be made.
std::string ExistingAbove(const std::string& path) {
  std::filesystem::path above = path;
  std::error_code error;
  while (above.has_relative_path() && !std::filesystem::exists(above, error)) {
    above = above.parent_path();
  }
  return above.string();
}

// Whoever may write there may make the server believe anything; whoever may read sees overrides.
absl::Status CheckDataDirectory(const std::string& path) {
  constexpr absl::string_view kSetting = "data_directory";
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    const std::string above = ExistingAbove(path);
    if (access(above.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
    return BadFolder(
        kSetting, path,
        absl::StrCat("is not there, and this user cannot make it in ", above,
                     "; make it with \"install -d -o <user of cloisterd> -m 0700 ", path, "\""));
  }
  if (!S_ISDIR(info.st_mode)) return BadFolder(kSetting, path, "is no folder; name another");
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return BadFolder(kSetting, path,
                     absl::StrCat("this user cannot use it (", strerror(errno),
                                  "); run this as cloisterd's user, or give the folder to it"));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return BadFolder(
        kSetting, path,
        absl::StrCat("others than its owner may enter it; run \"chmod 0700 ", path, "\""));
  }
  return absl::OkStatus();
}

// It belongs to cloister-sync's user. It may be made later; cloisterd looks for it.
absl::Status CheckSpoolDirectory(const std::string& path) {
  constexpr absl::string_view kSetting = "spool_directory";
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return BadFolder(kSetting, path, absl::StrCat(strerror(errno), "; let this user enter it"));
  }
  if (!S_ISDIR(info.st_mode)) return BadFolder(kSetting, path, "is no folder; name another");
  if (access(path.c_str(), R_OK | X_OK) != 0) {
    return BadFolder(kSetting, path,
                     "this user cannot read it; put cloisterd's user into the folder's group, and "
                     "run \"chmod 0750\" on it");
  }
  if ((info.st_mode & S_IWOTH) != 0) {
    return BadFolder(kSetting, path,
                     absl::StrCat("anybody may write to it; run \"chmod 0750 ", path, "\""));
  }
  return absl::OkStatus();
}

bool Holds(const std::string& outer, const std::string& inner) {
  const std::filesystem::path path = std::filesystem::path(inner).lexically_relative(outer);
  return !path.empty() && *path.begin() != "..";
}

// Each folder has another owner or other readers.
absl::Status CheckApart(const Configuration& configuration) {
  const std::pair<const char*, std::string> folders[] = {
      {"data_directory", configuration.data_directory},
      {"spool_directory", configuration.spool_directory},
      {"[updates] inbox_directory", configuration.updates.inbox_directory}};
  for (const auto& [setting, folder] : folders) {
    for (const auto& [other_setting, other] : folders) {
      if (&setting == &other_setting || folder.empty() || other.empty()) continue;
      if (!Holds(folder, other)) continue;
      return BadFolder(other_setting, other,
                       absl::StrCat("lies in ", setting, " ", folder,
                                    ", which other users may enter or none but cloisterd; name a "
                                    "folder elsewhere"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> AdviceOnSurroundings(const Configuration& configuration) {
  std::vector<std::string> advice;
  struct stat info;
  if (stat(configuration.spool_directory.c_str(), &info) == 0 && info.st_uid == geteuid()) {
    advice.push_back(absl::StrCat(
        "spool_directory: ", configuration.spool_directory,
        " belongs to the user that this runs as; run cloister-sync as another user than cloisterd, "
        "to which the spool belongs, so that what fetches cannot read what was asked"));
  }
  return advice;
}

absl::Status CheckSurroundings(const Configuration& configuration, absl::Time now) {
  if (configuration.listen.mutual_tls) {
    if (absl::Status s = CheckTlsFiles(configuration.tls, now); !s.ok()) return s;
  }
  if (absl::Status s = CheckRoots(configuration); !s.ok()) return s;
  uint64_t passed_over = 0;
  absl::Status protection = BuildProtectedObjects(configuration.protection, &passed_over).status();
  if (!protection.ok()) return protection;
  if (absl::Status s = CheckApart(configuration); !s.ok()) return s;
  if (absl::Status s = CheckDataDirectory(configuration.data_directory); !s.ok()) return s;
  if (absl::Status s = CheckSpoolDirectory(configuration.spool_directory); !s.ok()) return s;
  if (configuration.updates.inbox_directory.empty()) return absl::OkStatus();
  return CheckInboxDirectory(configuration.updates.inbox_directory);
}

}  // namespace cloister::server
