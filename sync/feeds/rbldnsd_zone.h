// Zones of rbldnsd, the DNS server of block lists: data sets ip4set, ip4trie, ip6trie and dnset.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

//   192.0.2.1, 192.0.2.0/24      an address, a network
//   192.0.2                      192.0.2.0/24; any number of leading octets
//   192.0.2.1-9, 192.0.2.1-192.0.2.9      the networks that make up the range
//   a.example                    the host
//   .a.example                   the host and all below it
//   *.a.example                  what is below it
//   !192.0.2.7, !good.a.example  an exclusion
// What stands behind the object (":127.0.0.2:Text") is the answer of the DNS server and not kept;
// lines that begin with ':' or '$' (defaults, SOA, NS, TTL …), '#' or ';' list nothing. MALICIOUS
// unless `options` say otherwise.
absl::StatusOr<std::unique_ptr<FeedReader>> NewRbldnsdZone(const FeedOptions& options);

}  // namespace cloister::feeds
