#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/files/files.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"
#include "sync/worker/configuration.h"
#include "sync/worker/source.h"

namespace cloister::worker {
namespace {

using Problems = std::vector<std::string>;

void CheckReadable(absl::string_view what, const std::string& path, Problems* problems) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return;
  problems->push_back(absl::StrCat(what, " ", path, ": ", strerror(errno)));
}

void CheckRoot(const FeedConfiguration& feed, Problems* problems) {
  const trust::Limits limits;
  absl::StatusOr<std::string> bytes = storage::ReadFile(feed.root, limits.max_root_bytes);
  absl::Status sound = bytes.status();
  if (sound.ok()) {
    trust::TrustedState initial;
    initial.root = *std::move(bytes);
    sound = trust::Updater::Create(initial, limits).status();
  }
  if (sound.ok()) return;
  problems->push_back(absl::StrCat("feed ", feed.name, ": root ", feed.root, ": ", sound.message(),
                                   "; put the feed's first root.json there, which its publisher "
                                   "gave you by a way that you trust"));
}

void CheckSecret(absl::string_view what, const std::string& path, Problems* problems) {
  if (path.empty()) return;
  absl::Status s = CheckSecretFile(path);
  if (!s.ok()) problems->push_back(absl::StrCat(what, " ", s.message()));
}

// Links a file from one to the other: file systems may be the same and yet mounted apart.
void CheckLinks(const Configuration& configuration, absl::string_view setting,
                const std::string& directory, Problems* problems) {
  auto probe = storage::TemporaryFile::Create(configuration.state_directory);
  if (!probe.ok()) {
    problems->push_back(absl::StrCat("state_directory: ", probe.status().message()));
    return;
  }
  const std::string link_path = absl::StrCat(directory, "/.probe-", getpid());
  if (link(probe->path().c_str(), link_path.c_str()) == 0) {
    unlink(link_path.c_str());
  } else if (errno == EXDEV) {
    problems->push_back(absl::StrCat(
        setting, " ", directory, " and ", configuration.state_directory,
        " are not on one file system, or mounted apart; packs are handed over as hard links, so "
        "put both below one mount"));
  } else {
    problems->push_back(
        absl::StrCat(setting, " ", directory, ": cannot create files there: ", strerror(errno)));
  }
}

// Whether `directory` is there, noting it if not.
bool CheckThere(absl::string_view setting, const std::string& directory, absl::string_view mend,
                Problems* problems) {
  struct stat info {};
  if (stat(directory.c_str(), &info) == 0) return true;
  problems->push_back(absl::StrCat(setting, " ", directory, ": ", strerror(errno), "; ", mend));
  return false;
}

void CheckFolders(const Configuration& configuration, Problems* problems) {
  const bool spool = CheckThere("spool_directory", configuration.spool_directory,
                                "make it, with the group of cloisterd, mode 2750", problems);
  const std::string& mirror_directory = configuration.mirror_directory;
  const bool mirror =
      !mirror_directory.empty() &&
      CheckThere("mirror_directory", mirror_directory, "make it, owned by this user", problems);
  absl::Status made = storage::MakeDirectories(configuration.state_directory, 0700);
  if (!made.ok()) {
    problems->push_back(absl::StrCat("state_directory: ", made.message()));
    return;
  }
  if (spool) CheckLinks(configuration, "spool_directory", configuration.spool_directory, problems);
  if (mirror) CheckLinks(configuration, "mirror_directory", mirror_directory, problems);
}

void CheckFeed(const FeedConfiguration& feed, Problems* problems) {
  CheckRoot(feed, problems);
  const std::string name = absl::StrCat("feed ", feed.name, ": ");
  CheckReadable(name + "ca_file", feed.ca_file, problems);
  CheckReadable(name + "client_certificate", feed.client_certificate, problems);
  CheckSecret(name + "client_key", feed.client_key, problems);
  CheckReadable(name + "proxy_ca_file", feed.proxy_ca_file, problems);
  CheckSecret(name + "proxy_password_file", feed.proxy_password_file, problems);
}

}  // namespace

absl::Status CheckMachine(const Configuration& configuration) {
  Problems problems;
  CheckFolders(configuration, &problems);
  for (const FeedConfiguration& feed : configuration.feeds) CheckFeed(feed, &problems);
  if (problems.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(problems, "\n"));
}

}  // namespace cloister::worker
