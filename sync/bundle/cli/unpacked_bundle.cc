#include "sync/bundle/cli/unpacked_bundle.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/bundle/cli/progress.h"
#include "sync/bundle/feed_source.h"
#include "sync/transport/folder/folder_fetcher.h"

namespace cloister::bundle {

absl::StatusOr<UnpackedBundle> UnpackForReading(const Arguments& arguments, const std::string& path,
                                                bool trust_own_roots, const Console& console) {
  auto file = BundleFile::Open(path);
  if (!file.ok()) return file.status();
  auto folder = WorkFolder::Make(arguments.work_directory);
  if (!folder.ok()) return folder.status();
  UnpackedBundle result{*std::move(folder), {}, {}};
  Progress progress(console);
  progress.Begin(absl::StrCat("reading ", path));
  UnpackOptions options;
  options.directory = result.folder.path();
  options.progress = [&](uint64_t done, uint64_t all) { progress.Tell(done, all); };
  options.gate = [&](const BundleFeed& feed,
                     const std::string& repository) -> absl::StatusOr<std::set<std::string>> {
    auto root = RootFor(arguments, feed.feed);
    if (root.ok() && root->empty() && trust_own_roots) {
      console.err << "warning: " << path << ", " << feed.feed
                  << ": no --root given; trusting the oldest root in it\n";
      root = LowestRoot(repository);
    }
    if (!root.ok()) return root.status();
    auto fetcher = transport::FolderFetcher::Open(repository);
    if (!fetcher.ok()) return fetcher.status();
    trust::TrustedState state;
    state.root = *std::move(root);
    auto verified =
        VerifyFeed(**fetcher, state, feed.feed,
                   {.now = console.now, .accept_expired_within = absl::InfiniteDuration()});
    if (!verified.ok()) return verified.status();
    std::set<std::string> names;
    for (const trust::PackTarget& pack : verified->listed) names.insert(verified->FileName(pack));
    result.authentic.emplace(feed.feed, *std::move(verified));
    return names;
  };
  auto feeds = Unpack(file->Bytes(), options);
  if (!feeds.ok()) return feeds.status();
  result.feeds = *std::move(feeds);
  return result;
}

std::string PackPath(const std::string& repository, const AuthenticFeed& feed,
                     const trust::PackTarget& pack) {
  return absl::StrCat(repository, "/targets/", feed.FileName(pack));
}

bool IsThere(const std::string& repository, const AuthenticFeed& feed,
             const trust::PackTarget& pack) {
  struct stat info {};
  return lstat(PackPath(repository, feed, pack).c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         static_cast<uint64_t>(info.st_size) == pack.bytes;
}

}  // namespace cloister::bundle
