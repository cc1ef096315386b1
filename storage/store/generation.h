// One immutable view of everything that is served. A lookup takes the current generation once and
// sees the same data from start to end, whatever is imported or overridden meanwhile.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/coverage.h"
#include "reputation/ip_address.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "reputation/resolve.h"
#include "reputation/source_note.h"
#include "storage/pack/content_digest.h"

namespace cloister::storage {

// A feed as this generation serves it.
struct ServedFeed {
  std::string feed;
  uint64_t version = 0;  // 0: nothing imported yet
  uint64_t records = 0;
  ContentDigest digest;
  reputation::Coverage coverage;
  reputation::PrefixLengths prefix_lengths;
  absl::Time published;            // when its publisher vouched for it
  absl::Time taken;                // when this appliance had verified it
  std::vector<std::string> packs;  // SHA-256 in hexadecimal, in order
  uint64_t pack_bytes = 0;
  std::vector<reputation::SourceNote> sources = {};  // where its entries come from
};

struct FindResult {
  // layer 0 is the overrides, layer i + 1 is feeds()[i]; key_index counts in the keys asked for.
  // Records marked REMOVED are left out; nothing is judged. Ordered by layer, then key_index.
  std::vector<reputation::Match> matches;
  bool partial = false;  // a layer could not be read
};

// An override in full.
struct Override {
  reputation::Record record;
  reputation::Label label;
  reputation::ObjectKind kind = reputation::ObjectKind::kFile;
  std::string text;
  std::string reason;
  std::string actor;
  absl::Time set_at;
};

// With the key that it answers for.
using KeyedOverride = std::pair<reputation::LookupKey, Override>;

// Thread-safe. Holds its column families open until the last reference goes.
class Generation {
 public:
  virtual ~Generation() = default;

  // Rises with every change of what is served; kept over restarts.
  virtual uint64_t number() const = 0;
  // In the order in which the store was told of them.
  virtual std::span<const ServedFeed> feeds() const = 0;
  // What feeds and overrides hold together.
  virtual const reputation::PrefixLengths& prefix_lengths() const = 0;
  virtual uint64_t override_count() const = 0;

  // Every record found under each of `keys`, in every layer; one or many keys alike.
  virtual FindResult Find(std::span<const reputation::LookupKey> keys) const = 0;

  // The label of a record found in feeds()[feed]. NotFound if the feed has no such label.
  virtual absl::StatusOr<reputation::Label> FindLabel(size_t feed, uint32_t label_id) const = 0;

  // NotFound if there is none.
  virtual absl::StatusOr<Override> FindOverride(const reputation::LookupKey& key) const = 0;

  // At most `limit` overrides in the order of their keys, from the first key after `after` (""
  // from the start), each with its key.
  virtual absl::StatusOr<std::vector<KeyedOverride>> ListOverrides(absl::string_view after,
                                                                   size_t limit) const = 0;
};

// What lookups need, and nothing more. Thread-safe.
class ReputationReader {
 public:
  virtual ~ReputationReader() = default;
  // Never null.
  virtual std::shared_ptr<const Generation> Current() const = 0;
};

}  // namespace cloister::storage
