// What a bare indicator is: a digest, a URL, a name or an address, as lists and reports write it.

#pragma once

#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {

enum class IndicatorKind {
  kAny,   // recognised by its form; a name needs a dot
  kUrl,   // with or without a scheme
  kHost,  // a name, "*.name" (what is below it), ".name" (it and what is below), or an address,
          // since published domain lists are full of them
  kIp,    // an address or a network
  kFile,  // a digest, also after "md5:", "sha1:" or "sha256:"
};

// `text` is refanged first (reputation/refang.h). The listings have all that `base` has, with
// kind, value and perhaps scope and contexts of their own. They are one, except for what names a
// port, "192.0.2.1:8080" or "a.example:8080": that is the URL space of that port
// (http://…:8080/ and everything below it), and for an address the address itself as the
// destination of a botnet's connections (C2): never the whole host for every purpose.
std::variant<std::vector<Listing>, Fault> ListingsOf(absl::string_view text, IndicatorKind kind,
                                                     const Listing& base);

}  // namespace cloister::feeds
