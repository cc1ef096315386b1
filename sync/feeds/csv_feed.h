// Cloister's own CSV: rows whose columns are named by a header, in any order.
//
//   kind          required  file, url, host, ip, software
//   value         required  digest, URL, name or *.name, address or network, package URL or
//   signer:… verdict       required  malicious, unwanted, suspicious, trusted, known confidence 0
//   to 100 (STIX scale) categories              malware, phishing … separated by spaces or ';'
//   threat_name             as the feed names it
//   scope                   exact, subtree, subdomains_only
//   applies_to              url_host, sender_domain, smtp_client, c2; several as for categories
//   first_seen, last_seen   YYYY-MM-DD
//   valid_until             YYYY-MM-DD (to the end of that day, UTC) or RFC 3339
//   product, vendor, version   software identity
//   source                  where the row comes from; for people, not published
//
// Lines that start with '#' may stand before the header.

#pragma once

#include <memory>

#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Read fails with InvalidArgument if the header lacks a required column, names one twice, or
// names one that is not in the list: a misspelt column would be lost in silence.
std::unique_ptr<FeedReader> NewCsvFeed();

}  // namespace cloister::feeds
