// Block lists written as configuration of DNS resolvers. docs/feeds.md has an example of each.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Both read the directives that keep clients away from names, and refuse as unsupported whatever
// else a resolver can be told: an answer that is a real address says where a name is, not that it
// is bad. MALICIOUS unless `options` say otherwise.

// dnsmasq:
//   address=/a.example/b.example/0.0.0.0     these names and all below them; the same with '#',
//                                            '::' or nothing behind the last '/'
//   server=/a.example/, local=/a.example/    the same: answered from nowhere
//   server=/good.a.example/#                 an exclusion: asked in the usual way
absl::StatusOr<std::unique_ptr<FeedReader>> NewDnsmasqConfiguration(const FeedOptions& options);

// unbound:
//   local-zone: "a.example" always_nxdomain  the name and all below it; so with always_null,
//                                            always_nodata, always_refuse, always_deny, refuse,
//                                            deny, inform_deny, static, block_a
//   local-zone: "a.example" redirect         the same where a local-data line for it leads nowhere
//   local-zone: "good.a.example" always_transparent       an exclusion; so with transparent
//   local-data: "a.example A 0.0.0.0"        that name
absl::StatusOr<std::unique_ptr<FeedReader>> NewUnboundConfiguration(const FeedOptions& options);

}  // namespace cloister::feeds
