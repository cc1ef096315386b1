// Response policy zones (draft-vixie-dnsop-dns-rpz) as zone files (RFC 1035, section 5).

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

//   name          the host
//   *.name        what is below it
//   32.1.2.0.192.rpz-ip, 48.zz.db8.2001.rpz-ip      the address or network
// with any action that keeps a client away (NXDOMAIN, NODATA, DROP, local data) is MALICIOUS,
// unless `options` have a verdict. Relative names are completed by the $ORIGIN in force or, without
// one, by the name of the SOA record; that name, or the first $ORIGIN where there is no SOA, is the
// zone's, and removed. SOA, NS and other records of the zone
// itself, DNSSEC records, and repeated names (local data of several records) are passed over.
// rpz-passthru, and a CNAME to the name itself, is an exclusion of what its name triggers on.
// Counted as unsupported: rpz-tcp-only, the triggers rpz-client-ip, rpz-nsip and rpz-nsdname, and
// the directives $INCLUDE and $GENERATE.
absl::StatusOr<std::unique_ptr<FeedReader>> NewRpzZone(const FeedOptions& options);

}  // namespace cloister::feeds
