#include "tests/tools/tuf_client/remote_repository.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cloister::tuf_client {
namespace {

// A path keeps its slashes; each of its parts is encoded by itself, so that none goes upwards.
std::string EncodePath(absl::string_view path) {
  std::vector<std::string> parts;
  for (absl::string_view part : absl::StrSplit(path, '/')) parts.push_back(PercentEncode(part));
  return absl::StrJoin(parts, "/");
}

absl::StatusOr<std::unique_ptr<transport::HttpFetcher>> FetcherOf(const std::string& address) {
  absl::StatusOr<transport::BaseUrl> url = transport::BaseUrl::Parse(address, /*allow_http=*/true);
  if (!url.ok()) return url.status();
  transport::HttpOptions options;
  options.locate = [](absl::string_view folder, absl::string_view name) {
    return folder == "targets" ? EncodePath(name) : PercentEncode(name);
  };
  return transport::HttpFetcher::Create(*url, options);
}

}  // namespace

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  const bool dots_alone = text == "." || text == "..";
  for (char c : text) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                       absl::string_view("-_.~").find(c) != absl::string_view::npos;
    if (plain && !dots_alone) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

absl::StatusOr<std::unique_ptr<RemoteRepository>> RemoteRepository::Create(
    const std::string& metadata_url, const std::string& targets_url) {
  absl::StatusOr<std::unique_ptr<transport::HttpFetcher>> metadata = FetcherOf(metadata_url);
  if (!metadata.ok()) return metadata.status();
  std::unique_ptr<transport::HttpFetcher> targets;
  if (!targets_url.empty()) {
    absl::StatusOr<std::unique_ptr<transport::HttpFetcher>> created = FetcherOf(targets_url);
    if (!created.ok()) return created.status();
    targets = *std::move(created);
  }
  return std::unique_ptr<RemoteRepository>(
      new RemoteRepository(*std::move(metadata), std::move(targets)));
}

absl::StatusOr<std::string> RemoteRepository::Metadata(absl::string_view name, uint64_t max_bytes) {
  return metadata_->Metadata(name, max_bytes);
}

absl::Status RemoteRepository::Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                                      const trust::ByteSink& sink) {
  if (targets_ == nullptr) return absl::FailedPreconditionError("give --target-base-url");
  return targets_->Target(name, offset, max_bytes, sink);
}

}  // namespace cloister::tuf_client
