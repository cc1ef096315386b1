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

// Links a file from one to the other: file systems may be the same and yet mounted apart.
void CheckLinks(const Configuration& configuration, Problems* problems) {
  auto probe = storage::TemporaryFile::Create(configuration.state_directory);
  if (!probe.ok()) {
    problems->push_back(absl::StrCat("state_directory: ", probe.status().message()));
    return;
  }
  const std::string link_path = absl::StrCat(configuration.spool_directory, "/.probe-", getpid());
  if (link(probe->path().c_str(), link_path.c_str()) == 0) {
    unlink(link_path.c_str());
  } else if (errno == EXDEV) {
    problems->push_back(absl::StrCat(
        configuration.spool_directory, " and ", configuration.state_directory,
        " are not on one file system, or mounted apart; packs are handed over as hard links, so "
        "put both below one mount"));
  } else {
    problems->push_back(absl::StrCat("spool_directory ", configuration.spool_directory,
                                     ": cannot create files there: ", strerror(errno)));
  }
}

}  // namespace

absl::Status CheckMachine(const Configuration& configuration) {
  Problems problems;
  struct stat info {};
  const bool spool_there = stat(configuration.spool_directory.c_str(), &info) == 0;
  if (!spool_there) {
    problems.push_back(absl::StrCat("spool_directory ", configuration.spool_directory, ": ",
                                    strerror(errno),
                                    "; make it, with the group of cloisterd, mode 2750"));
  }
  absl::Status made = storage::MakeDirectories(configuration.state_directory, 0700);
  if (!made.ok()) problems.push_back(absl::StrCat("state_directory: ", made.message()));
  if (spool_there && made.ok()) CheckLinks(configuration, &problems);
  for (const FeedConfiguration& feed : configuration.feeds) {
    CheckRoot(feed, &problems);
    CheckReadable(absl::StrCat("feed ", feed.name, ": ca_file"), feed.ca_file, &problems);
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(problems, "\n"));
}

}  // namespace cloister::worker
