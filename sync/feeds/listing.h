// The rules by which a listing, whatever format it came in, becomes an entry.

#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"

namespace cloister::feeds {

// An object as a feed writes it, and what the feed says about it.
struct Listing {
  reputation::ObjectKind kind = reputation::ObjectKind::kFile;
  // FILE: hexadecimal digest. URL. HOST: a name, or "*." and a name for what is below it. IP: an
  // address or network. SOFTWARE: a package URL, or "signer:" and a thumbprint.
  std::string value;
  // Scope if the feed states one; otherwise the kind's own: below a network, exact elsewhere.
  std::optional<reputation::Scope> scope;
  // Scope and label_id are set from the rest. Of an exclusion only applies_to and valid_until
  // count.
  reputation::Record record;
  reputation::Label label;
};

// - A URL is listed as it stands: with its query if it has one, with its port if that is not the
//   default; it never lists its host.
// - A URL that only its fragment tells from others is refused: the fragment never reaches a server
//   and is often dropped on the way, so the listing would condemn the page that all of them share.
// - A public suffix is refused as a host, and as the host of a URL with everything below it.
// - TRUSTED needs SHA-256 (RFC 6151, RFC 6194: MD5 and SHA-1 collide).
// - An exclusion obeys the same rules: what cannot be listed need not be excluded.
// - A network wider than /8 (IPv4) or /16 (IPv6) is refused as a mistake.
// The entry's `listed` is borrowed from the listing.
std::variant<FeedEntry, Fault> EntryFromListing(const Listing& listing);
std::variant<FeedEntry, Fault> EntryFromListing(Listing&& listing) = delete;

// What a listing of a threat feed starts from: verdict, categories and confidence of `options`
// where they are set, `verdict` and `categories` (the format's own) otherwise.
Listing ThreatDefaults(const FeedOptions& options, reputation::Verdict verdict,
                       std::vector<reputation::Category> categories = {});

// Why `verdict` cannot be said of what `key` names: TRUSTED of a file by MD5 or SHA-1.
std::optional<Fault> VerdictFault(const reputation::LookupKey& key, reputation::Verdict verdict);

// Whether a label can be stored.
std::optional<Fault> LabelFault(const reputation::Label& label);

}  // namespace cloister::feeds
