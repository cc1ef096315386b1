// Entries and guards for tests.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "sync/feeds/listing.h"
#include "sync/publisher/guards/import_guard.h"

namespace cloister::testing {

// A threat as a reader passes it on; `listed` has to outlive it. Public suffixes, very wide
// networks and scopes that readers refuse are made here all the same: guards do not rely on
// readers.
inline feeds::FeedEntry EntryOf(reputation::ObjectKind kind, const char* listed,
                                reputation::Scope scope) {
  feeds::Listing listing;
  listing.kind = kind;
  listing.value = listed;
  listing.record.verdict = reputation::Verdict::kMalicious;
  auto read = feeds::EntryFromListing(listing);
  auto* entry = std::get_if<feeds::FeedEntry>(&read);
  if (entry == nullptr) {
    const auto key = [&]() -> reputation::LookupKey {
      if (kind == reputation::ObjectKind::kIp) {
        return reputation::LookupKey::ForIpPrefix(*reputation::IpPrefix::Parse(listed));
      }
      const absl::string_view name = absl::StripPrefix(listed, "*.");
      return reputation::LookupKey::ForHost(*reputation::CanonicalHostName(name));
    }();
    read = feeds::FeedEntry{key, listing.record, {}, {}};
    entry = std::get_if<feeds::FeedEntry>(&read);
  }
  entry->listed = listed;
  entry->record.scope = scope;
  return *entry;
}

inline std::unique_ptr<publisher::ImportGuard> GuardOf(const publisher::GuardOptions& options) {
  auto guard = publisher::BuildImportGuard(options);
  EXPECT_TRUE(guard.ok()) << guard.status();
  return guard.ok() ? *std::move(guard) : nullptr;
}

}  // namespace cloister::testing
