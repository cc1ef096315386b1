// Manifests of Scoop, the package collection for Windows (https://github.com/ScoopInstaller).

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// One manifest, a JSON object with "version". Each "hash" of the manifest and of its architectures
// is a file, KNOWN or TRUSTED by `options`, with one label: product = the name of the manifest's
// file without .json, version, vendor = "homepage" without scheme. A digest is SHA-256 unless it
// says "sha1:", "md5:" (then KNOWN at the most) or "sha512:" (unsupported); a URL without a digest
// is a missing field, and as many digests as URLs are needed.
// InvalidArgument for any other verdict in `options`, and from Read for another document.
absl::StatusOr<std::unique_ptr<FeedReader>> NewScoopManifest(const FeedOptions& options);

}  // namespace cloister::feeds
