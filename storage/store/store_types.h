// What goes into and comes out of the store: versions, decisions, differences, reports.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/coverage.h"
#include "reputation/ip_address.h"
#include "reputation/record.h"
#include "reputation/source_note.h"
#include "storage/pack/content_digest.h"

namespace cloister::storage {

// A pack of a version, already in the pack store.
struct VersionPack {
  std::string sha256;  // hexadecimal
  uint64_t bytes = 0;
  uint64_t from_version = 0;  // 0 for a part of the snapshot
  uint64_t to_version = 0;
  // Content digest of the version that the pack leads to, as signed.
  ContentDigest result;
  // Of the version that a delta starts from, where that is signed, too.
  std::optional<ContentDigest> base = std::nullopt;
};

// A version to serve: the parts of a snapshot, then deltas, each from where the last one ends.
struct VersionSpec {
  std::string feed;
  uint64_t version = 0;
  std::vector<VersionPack> packs;
  reputation::Coverage coverage;
  reputation::PrefixLengths prefix_lengths;
  uint64_t records = 0;
  absl::Time published;                              // when the publisher vouched for it
  absl::Time taken;                                  // when this appliance had verified it
  std::vector<reputation::SourceNote> sources = {};  // where its entries come from
};

// Who changes something, and why: an entry of the audit trail to be.
struct AuditEvent {
  absl::Time at;
  std::string actor;
  std::string action;  // "feed.rollback" …
  std::string detail;
};

// What administrators decided about the versions of a feed. Kept over restarts.
struct FeedDirective {
  uint64_t pinned = 0;    // serve this kept version and no other; 0: none is pinned
  uint64_t accepted = 0;  // the newest version that was accepted by hand
  uint64_t rejected = 0;  // the newest version that was rejected by hand

  friend bool operator==(const FeedDirective&, const FeedDirective&) = default;
};

// A record that differs between two versions; nullopt where a version has none under the key. With
// neither, nothing differs there: now and then one such comes, so that a visitor can end a long way
// through versions that hardly differ.
struct RecordChange {
  absl::string_view key;  // an encoded lookup key; valid during the call
  std::optional<reputation::Record> before;
  std::optional<reputation::Record> after;

  bool differs() const { return before.has_value() || after.has_value(); }
};
using RecordChangeVisitor = std::function<absl::Status(const RecordChange&)>;

// How far a long operation has come.
struct StoreProgress {
  std::string doing;  // "hashing packs", "reading entries", …
  uint64_t done = 0;
  uint64_t total = 0;  // in the same unit; 0 if not known
};
// An error ends the operation, which returns it.
using StoreProgressCallback = std::function<absl::Status(const StoreProgress&)>;

// What reading everything again came to.
struct VerifyReport {
  uint64_t packs = 0;
  uint64_t bytes = 0;
  uint64_t entries = 0;                   // of the version served
  std::vector<std::string> rotten_packs;  // SHA-256 in hexadecimal
  absl::Status served = {};               // why what is served is not what was signed; OK if it is
};

// What a rebuild came to.
struct RebuildReport {
  uint64_t version = 0;                  // that serves now; 0 if none could be built
  std::vector<std::string> quarantined;  // packs moved away, SHA-256 in hexadecimal
  bool complete = false;                 // whether the version that should serve does
};

// One entry of the audit trail.
struct AuditRecord {
  uint64_t sequence = 0;
  absl::Time at;
  std::string actor;
  std::string action;
  std::string detail;
  std::string sha256;  // of the stored entry, 32 bytes
};

}  // namespace cloister::storage
