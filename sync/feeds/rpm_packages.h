// The `primary.xml` of an RPM repository: what dnf, yum and zypper read below repodata/.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Each <package> gives entries with one label, product = name, vendor = <rpm:vendor>, version =
// [epoch:]version-release:
//   the SHA-256 (or, of old repositories, SHA-1) of the .rpm file    options.verdict
//   pkg:rpm/<vendor>/<name>@<version>-<release>                      KNOWN
//   the same with ?arch=…, and &epoch=… if it is not 0               KNOWN
// The vendor in a package URL is the short name that the distribution goes by ("fedora", "redhat"),
// else its own in lower case with hyphens; none if the package names none.
// A package known by a digest that is not kept here (SHA-512) gives its package URLs, and is
// counted as unsupported, too. TRUSTED by SHA-1 becomes KNOWN.
// KNOWN or TRUSTED in `options`; InvalidArgument for any other verdict. Read fails with
// InvalidArgument for another file of the repository and says which one is wanted.
absl::StatusOr<std::unique_ptr<FeedReader>> NewRpmPackagesFeed(const FeedOptions& options);

}  // namespace cloister::feeds
