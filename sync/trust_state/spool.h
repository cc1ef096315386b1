// The hand-over between cloister-sync and cloisterd: one folder that only the former writes and
// only the latter reads.
//
//   <spool>/<feed>/<20 digits>/metadata/   1.root.json … N.root.json timestamp.json
//                                          <v>.snapshot.json <v>.targets.json
//                             /targets/    <sha256>.<name> of every pack of the version
//                             /origin      "online" or "offline", see below
//
// An entry is a repository in itself: it holds the whole chain of packs that make up its version,
// so that a server with an empty, older or damaged store can take it by itself. The 20 digits are
// the version of its timestamp metadata, so a later entry sorts after an earlier one. Entries
// appear by rename from ".incoming-…" and are never altered; cloister-sync removes all but the two
// newest.
//
// `origin` says how the entry reached this machine: "online" from a server or mirror, "offline"
// from a bundle. Without the file it is online. It decides one thing: metadata that has expired is
// taken from an offline entry only, and only within the age that cloisterd is configured to take.
//
//   <spool>/.imports/<name of the bundle's file>.json    what became of a bundle, see inbox.h

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cloister::trust {

inline constexpr char kOriginFile[] = "origin";
inline constexpr char kOriginOnline[] = "online";
inline constexpr char kOriginOffline[] = "offline";

// "00000000000000000042" for 42.
std::string SpoolEntryName(uint64_t timestamp_version);

// The version if `name` is the name of a complete entry.
std::optional<uint64_t> SpoolEntryVersion(absl::string_view name);

}  // namespace cloister::trust
