// MISP events (the MISP core format), alone, in a list, as a server's API answers, or as the
// manifest of a MISP feed, whose events lie beside it as <uuid>.json.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Attributes of events and of the objects in them that are meant for detection (to_ids). An
// attribute is MALICIOUS unless `options` has a verdict.
//   md5, sha1, sha256, filename|…, malware-sample   file; the digest as long as its type says
//   url, uri                                        URL
//   domain, hostname                                host
//   ip-src, ip-dst                                  address or network
//   domain|ip                                       the host, and the address
//   hostname|port, ip-src|port, ip-dst|port         as indicator.h treats ports
//   x509-fingerprint-sha256                         signer
// Others are counted as unsupported, those without to_ids as context_only, deleted ones, and those
// of deleted objects, as withdrawn. Tags of attribute and event give categories (by the
// category_map of `options`, or else by their words), the threat's name (malware and tool galaxies;
// else the event's info) and confidence (misp:confidence-level, if the attribute or event has one).
// first_seen and last_seen are the attribute's, or else its object's.
// Events are read twice, since their tags stand behind their attributes: damage is found before
// any entry is passed on. DataLoss then says how far the document was whole. An event of a
// manifest that is missing or cannot be read is counted as malformed and costs no other; if that
// is all of them, Read fails with what was wrong with the first.
absl::StatusOr<std::unique_ptr<FeedReader>> NewMispFeed(const FeedOptions& options);

}  // namespace cloister::feeds
