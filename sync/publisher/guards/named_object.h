// Objects as administrators and feeds write them.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::publisher {

// Under which key `text` is listed: a digest, an address or network, a URL (it has a path, a scheme
// or a port), otherwise a name, with or without "*." or "." before it. Defanged forms are
// understood. InvalidArgument says that it is none of these.
absl::StatusOr<reputation::LookupKey> KeyOfText(absl::string_view text);

// What `entry` lists, canonical and in one line, so that KeyOfText gives its key again; the key in
// hexadecimal where it cannot be told.
std::string ObjectText(const feeds::FeedEntry& entry);

// The canonical name that a host entry lists, `entry.listed` without the "*." before it; empty if
// it cannot be told. Borrows `*storage` where the feed's own text is not canonical.
absl::string_view HostOf(const feeds::FeedEntry& entry, std::string* storage);

}  // namespace cloister::publisher
