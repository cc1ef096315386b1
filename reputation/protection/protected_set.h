// Protected objects in memory: about 40 bytes a digest, 100 a name and its text, 12 or 36 a
// network. A lookup costs one hash of the key, and no memory where nothing is found.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reputation/ip_address.h"
#include "reputation/lookup_key.h"
#include "reputation/protection/address_ranges.h"
#include "reputation/protection/protected_objects.h"

namespace cloister::reputation {

class ProtectedSet : public ProtectedObjects {
 public:
  // Far above what all published warning lists hold together.
  static constexpr size_t kMaxObjects = 5'000'000;
  static constexpr size_t kMaxTextBytes = 512u << 20;
  static constexpr size_t kMaxSources = 10'000;

  // Says who names what is added from here on, in words that stand before its text: "own domain ".
  // Returns the source's number. Of two sources that name the same object the first one counts.
  size_t BeginSource(absl::string_view words);
  size_t sources() const { return sources_.size(); }
  const std::string& words(size_t source) const { return sources_[source]; }

  struct Name {
    size_t source;
    absl::string_view text;  // canonical; borrowed until the next name is added
  };
  // In the order in which they were added.
  std::vector<Name> Names() const;

  // InvalidArgument if there are too many.
  absl::Status AddHost(absl::string_view name, bool and_below);  // canonical
  absl::Status AddFile(const Digest& digest);
  absl::Status AddNetwork(const IpPrefix& prefix);

  // Names that are public suffixes by a wildcard rule are protected, too, where they are known.
  void ProtectPublicSuffixes() { public_suffixes_ = true; }

  // Call once, after the last Add.
  void Sort();

  // What is protected, and by which source.
  struct Found {
    size_t source;
    std::string words;
  };
  // As Protects.
  std::optional<Found> Find(const LookupKey& key, Scope scope) const;

  std::optional<std::string> Protects(const LookupKey& key, Scope scope) const override;
  std::optional<std::string> ProtectsAnswer(std::span<const LookupKey> keys, size_t index,
                                            Scope scope) const override;
  std::optional<std::string> ProtectsText(ObjectKind kind, absl::string_view expression,
                                          Scope scope) const override;
  size_t size() const override { return entries_.size() + v4_.size() + v6_.size(); }

 private:
  using V6 = std::array<uint8_t, 16>;

  // The first 16 bytes of a key's body are enough: whoever looks for another name with the same
  // ones tries 2^100 names, and gains that no feed can list it.
  struct Entry {
    std::array<uint8_t, 16> id;
    uint16_t form;
    uint16_t source : 15;
    uint16_t and_below : 1;
    uint32_t text;  // where in texts_; of names only

    friend bool operator==(const Entry& a, const Entry& b) {
      return a.form == b.form && a.id == b.id;
    }
    template <typename H>
    friend H AbslHashValue(H state, const Entry& entry) {
      return H::combine(std::move(state), entry.form, entry.id);
    }
  };
  using Entries = absl::flat_hash_set<Entry>;

  static Entry EntryFor(const LookupKey& key);
  absl::Status Add(Entry entry);
  static const Entry* FindIn(const Entries& entries, const LookupKey& key);
  std::string Describe(const Entry& entry, const LookupKey& key) const;
  std::optional<Found> FindNetwork(const LookupKey& key, bool touching) const;

  bool public_suffixes_ = false;
  std::vector<std::string> sources_;
  Entries entries_;    // names and digests
  Entries sites_;      // the roots of the names, "github.com/", as URL expressions
  std::string texts_;  // each ends in NUL
  AddressRanges<uint32_t> v4_;
  AddressRanges<V6> v6_;
};

}  // namespace cloister::reputation
