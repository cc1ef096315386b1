#include "sync/worker/source.h"

#include <utility>

#include "sync/transport/folder/folder_fetcher.h"
#include "sync/transport/http/http_fetcher.h"

namespace cloister::worker {

absl::StatusOr<std::unique_ptr<trust::Fetcher>> OpenSource(const FeedConfiguration& feed,
                                                           int stop_fd) {
  if (!feed.url.has_value()) return transport::FolderFetcher::Open(feed.folder);
  transport::HttpOptions options;
  options.ca_file = feed.ca_file;
  options.proxy = feed.proxy;
  options.stop_fd = stop_fd;
  return transport::HttpFetcher::Create(*feed.url, options);
}

}  // namespace cloister::worker
