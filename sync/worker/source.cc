#include "sync/worker/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/transport/folder/folder_fetcher.h"

namespace cloister::worker {
namespace {

constexpr uint64_t kMaxPasswordBytes = 1024;

// A source that trickles just above the limit could hold a feed back for hours. Where another one
// can go on, it has to be faster; the last one may be as slow as the line is.
constexpr uint64_t kSlowestBeforeOthers = 16 * 1024;

uint64_t SlowestBytesPerSecond(const FeedConfiguration& feed, bool others_follow) {
  uint64_t slowest = transport::HttpOptions().low_speed_bytes_per_s;
  if (others_follow) slowest = kSlowestBeforeOthers;
  // A bound that was asked for must not look like a line that does not move.
  if (feed.max_bytes_per_second > 0) slowest = std::min(slowest, feed.max_bytes_per_second / 4);
  return slowest;
}

// The first line of the file.
absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  if (absl::Status s = CheckSecretFile(path); !s.ok()) return s;
  auto text = storage::ReadFile(path, kMaxPasswordBytes);
  if (!text.ok()) return text.status();
  return std::string(
      absl::StripTrailingAsciiWhitespace(absl::string_view(*text).substr(0, text->find('\n'))));
}

}  // namespace

absl::Status CheckSecretFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || access(path.c_str(), R_OK) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": ", strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": not a regular file"));
  }
  if ((info.st_mode & (S_IRWXO | S_IWGRP)) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": holds a secret, but others may read or alter it; chmod 640 or 600"));
}

absl::StatusOr<std::unique_ptr<trust::Fetcher>> OpenSource(const FeedConfiguration& feed,
                                                           const SourceAddress& source,
                                                           const SourceOptions& options) {
  if (!source.url.has_value()) return transport::FolderFetcher::Open(source.folder);
  transport::HttpOptions http;
  http.ca_file = feed.ca_file;
  http.client_certificate = feed.client_certificate;
  http.client_key = feed.client_key;
  http.proxy = feed.proxy;
  http.proxy_ca_file = feed.proxy_ca_file;
  http.proxy_user = feed.proxy_user;
  http.max_bytes_per_s = feed.max_bytes_per_second;
  http.low_speed_bytes_per_s = SlowestBytesPerSecond(feed, options.others_follow);
  http.stop_fd = options.stop_fd;
  http.timestamp = options.timestamp;
  if (!feed.client_key.empty()) {
    if (absl::Status s = CheckSecretFile(feed.client_key); !s.ok()) return s;
  }
  if (!feed.proxy_password_file.empty()) {
    auto password = ReadPassword(feed.proxy_password_file);
    if (!password.ok()) return password.status();
    http.proxy_password = *std::move(password);
  }
  return transport::HttpFetcher::Create(*source.url, http);
}

}  // namespace cloister::worker
