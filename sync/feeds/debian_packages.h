// A Debian `Packages` index: what apt keeps in /var/lib/apt/lists (plain or LZ4), and what mirrors
// serve as Packages.gz.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Each stanza (deb822; Debian Policy 5.1 and 5.3) gives three entries with one label, product =
// package, vendor = "Debian", version = version:
//   the SHA-256 of the .deb file               options.verdict
//   pkg:deb/debian/<package>@<version>         KNOWN
//   the same with ?arch=<architecture>         KNOWN
// KNOWN or TRUSTED in `options`; InvalidArgument for any other verdict.
absl::StatusOr<std::unique_ptr<FeedReader>> NewDebianPackagesFeed(const FeedOptions& options);

}  // namespace cloister::feeds
