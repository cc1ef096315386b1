// What is inside a pack: an SST file whose entries, in the order of their keys, are
//
//   00 01 <id, 4 B BE>     PackLabel; empty where a delta removes the label
//   01.. to 05..           a lookup key: an encoded record; REMOVED where a delta removes it
//
// and whose table property "cloister.pack" is the PackHeader (proto/cloister/v1/pack.proto). The
// header is no entry, so that the parts of a snapshot are ranges of keys that do not overlap and
// lie side by side in one level of the database. A pack that holds nothing has the entry 00 00,
// empty, since an SST file cannot be without one; no other pack has it.
//
// docs/repository-format.md is the full description.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/coverage.h"
#include "reputation/ip_address.h"
#include "reputation/label.h"
#include "reputation/record.h"
#include "storage/pack/content_digest.h"

namespace rocksdb {
struct BlockBasedTableOptions;
struct Options;
}  // namespace rocksdb

namespace cloister::storage {

// Bounds on what is read from a pack that somebody else wrote.
struct PackLimits {
  uint64_t max_bytes = 256ull << 20;                                // one pack file
  uint64_t max_entries = 16'000'000;                                // entries of one pack
  uint32_t max_label_bytes = 2048;                                  // one encoded label
  uint32_t max_label_field_bytes = reputation::kMaxLabelTextBytes;  // one string of a label
  uint32_t max_labels = 8'000'000;                                  // labels of one pack
};

struct PackHeader {
  std::string feed;
  uint64_t from_version = 0;  // 0 for a snapshot
  uint64_t to_version = 0;
  uint32_t part = 1;
  uint32_t parts = 1;

  bool is_delta() const { return from_version != 0; }
  friend bool operator==(const PackHeader&, const PackHeader&) = default;
};

// What a pack turned out to hold.
struct PackSummary {
  uint64_t records = 0;  // entries with a lookup key, removals included
  uint64_t removals = 0;
  uint64_t labels = 0;
  uint64_t bytes = 0;    // of the file
  ContentDigest digest;  // over records and labels that are not removals
  reputation::Coverage coverage;
  reputation::PrefixLengths prefix_lengths;
};

// Name of the table property that holds the header.
inline constexpr char kHeaderProperty[] = "cloister.pack";
// Keys of entries that are not lookup keys.
std::string EmptyPackKey();
std::string LabelKey(uint32_t id);
// The id if `key` is a label's key.
std::optional<uint32_t> LabelIdFromKey(absl::string_view key);

std::string EncodeHeader(const PackHeader& header);
// FailedPrecondition with kPackHeaderMismatch if it is not a header this version reads.
absl::StatusOr<PackHeader> DecodeHeader(absl::string_view value);

// kPackBadRecord if a string is too long, not UTF-8, or categories are not sorted and unique.
absl::StatusOr<std::string> EncodeLabel(const reputation::Label& label);
absl::StatusOr<reputation::Label> DecodeLabel(absl::string_view value, const PackLimits& limits);

// An id for each label: the first four bytes of SHA-256 of the encoded label, big-endian, plus
// the smallest number that makes it free and not 0, labels taken in the order of their encoding.
// The same set always gets the same ids. InvalidArgument if a label cannot be encoded.
absl::StatusOr<std::map<reputation::Label, uint32_t>> AssignLabelIds(
    const std::set<reputation::Label>& labels);

// How packs are written, and how the database reads them: format version 5, no compression
// (lookup keys are hashes), ribbon filter of whole keys.
rocksdb::BlockBasedTableOptions PackTableOptions();
rocksdb::Options PackWriteOptions();

}  // namespace cloister::storage
