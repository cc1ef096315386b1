// A repository on a web server, laid out as its publisher likes: metadata and targets at two
// addresses, roles and targets of any name.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/transport/http/http_fetcher.h"
#include "sync/trust/fetcher.h"

namespace cloister::tuf_client {

// `text` with '%' and two hexadecimal digits for every byte but letters, digits, '-', '_', '.' and
// '~' (RFC 3986, section 2.3); "." and ".." as "%2E" and "%2E%2E".
std::string PercentEncode(absl::string_view text);

class RemoteRepository : public trust::Fetcher {
 public:
  // Addresses may be http. `targets_url` may be empty where no target is fetched.
  static absl::StatusOr<std::unique_ptr<RemoteRepository>> Create(const std::string& metadata_url,
                                                                  const std::string& targets_url);

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;

 private:
  RemoteRepository(std::unique_ptr<transport::HttpFetcher> metadata,
                   std::unique_ptr<transport::HttpFetcher> targets)
      : metadata_(std::move(metadata)), targets_(std::move(targets)) {}

  std::unique_ptr<transport::HttpFetcher> metadata_;
  std::unique_ptr<transport::HttpFetcher> targets_;  // null: none
};

}  // namespace cloister::tuf_client
