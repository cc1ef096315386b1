// Tables with a header that names the columns, in any order: Cloister's own CSV, and other
// people's.
//
// Cloister's own has a header with kind, value and verdict, and no names but these:
//
//   kind          required  file, url, host, ip, software
//   value         required  digest; URL; name or *.name; address or network; package URL;
//                           "signer:" and a thumbprint
//   verdict       required  malicious, unwanted, suspicious, trusted, known
//   confidence              0 to 100 (STIX scale)
//   categories              malware, phishing … separated by spaces or ';'
//   threat_name             as the feed names it
//   scope                   exact, subtree, subdomains_only
//   applies_to              url_host, sender_domain, smtp_client, c2; several as for categories
//   first_seen, last_seen   YYYY-MM-DD
//   valid_until             YYYY-MM-DD (to the end of that day, UTC) or RFC 3339
//   product, vendor, version   software identity
//   source                  where the row comes from; for people, not published
//
// Any other table is read by FeedOptions::columns or, without it, by the usual names of columns
// (table_columns.h), as table_row.h says. Fields stand apart by comma, semicolon or tab, whichever
// makes the header known. Lines that start with '#' may stand before the header, and one of them
// may be the header.

#pragma once

#include <memory>

#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Read fails with InvalidArgument and names the columns there are if Cloister's own header names a
// column twice or one that is not in the list (a misspelt one would be lost in silence), if a
// mapped column is not there, or if no column holds objects.
std::unique_ptr<FeedReader> NewCsvFeed(const FeedOptions& options);

}  // namespace cloister::feeds
