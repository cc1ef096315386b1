// The stalkerware indicators of Echap (https://github.com/AssoEchap/stalkerware-indicators):
// ioc.yaml and watchware.yaml.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// A list of mappings, one a family. The threat's name is "name", the category riskware; the verdict
// MALICIOUS, UNWANTED for the type "watchware", unless `options` says otherwise.
//   websites, distribution   hosts, each alone, or URLs
//   c2: domains              hosts, each alone
//   c2: ips, ip              addresses, as destinations of connections (C2)
//   certificates             signers by SHA-256; thumbprints by SHA-1 are unsupported
//   packages, certificate_organizations, certificate_cname_re
//                            name no object that can be looked up; unsupported
// InvalidArgument for another document.
absl::StatusOr<std::unique_ptr<FeedReader>> NewStalkerwareList(const FeedOptions& options);

}  // namespace cloister::feeds
