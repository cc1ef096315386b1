// Protected objects in memory: 24 bytes a digest, 48 a name and its text, 12 or 36 a network.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reputation/ip_address.h"
#include "reputation/lookup_key.h"
#include "server/protection/address_ranges.h"
#include "server/protection/protected_objects.h"

namespace cloister::server {

class ProtectedSet : public ProtectedObjects {
 public:
  // Far above what all published warning lists hold together.
  static constexpr size_t kMaxObjects = 5'000'000;
  static constexpr size_t kMaxTextBytes = 512u << 20;
  static constexpr size_t kMaxSources = 10'000;

  // Says who names what is added from here on, in words that stand before its text: "own domain ".
  // Of two sources that name the same object the first one counts.
  void BeginSource(absl::string_view words);

  // InvalidArgument if there are too many.
  absl::Status AddHost(absl::string_view name, bool and_below);  // canonical
  absl::Status AddFile(const reputation::Digest& digest);
  absl::Status AddNetwork(const reputation::IpPrefix& prefix);

  // Names that are public suffixes by a wildcard rule are protected, too, where they are known.
  void ProtectPublicSuffixes() { public_suffixes_ = true; }

  // Call once, after the last Add.
  void Sort();

  std::optional<std::string> Protects(const reputation::LookupKey& key,
                                      reputation::Scope scope) const override;
  std::optional<std::string> ProtectsAnswer(std::span<const reputation::LookupKey> keys,
                                            size_t index, reputation::Scope scope) const override;
  std::optional<std::string> ProtectsText(reputation::ObjectKind kind, absl::string_view expression,
                                          reputation::Scope scope) const override;
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
  };

  using Entries = std::vector<Entry>;

  static Entry EntryFor(const reputation::LookupKey& key);
  absl::Status Add(Entry entry);
  static void Sort(Entries* entries);
  static const Entry* Find(const Entries& entries, const reputation::LookupKey& key);
  std::string Describe(const Entry& entry, const reputation::LookupKey& key) const;
  std::optional<std::string> FindNetwork(const reputation::LookupKey& key, bool touching) const;

  bool public_suffixes_ = false;
  std::vector<std::string> sources_;
  Entries entries_;    // names and digests, sorted by form and id
  Entries sites_;      // the roots of the names, "github.com/", as URL expressions
  std::string texts_;  // each ends in NUL
  AddressRanges<uint32_t> v4_;
  AddressRanges<V6> v6_;
};

}  // namespace cloister::server
