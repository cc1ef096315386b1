// A listing of a feed that anybody may write, before the publisher's guards: what they stop is told
// in one line, which allows it again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/listing.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/guards/named_object.h"
#include "tests/fuzz/require.h"

using cloister::feeds::FeedEntry;
using cloister::fuzz::Require;
using cloister::publisher::GuardAction;
using cloister::publisher::GuardOptions;
using cloister::publisher::ImportGuard;
using cloister::reputation::ObjectKind;
using cloister::reputation::Scope;

namespace {

std::unique_ptr<ImportGuard> NewGuard() {
  GuardOptions options;
  options.private_network = GuardAction::kHold;
  options.own_asset = GuardAction::kHold;
  options.own_domains = {"bank.example"};
  options.min_ipv4_prefix = 24;
  absl::StatusOr<std::unique_ptr<ImportGuard>> guard =
      cloister::publisher::BuildImportGuard(options);
  Require(guard.ok(), "the guard is built");
  return *std::move(guard);
}

}  // namespace

// The first byte tells kind and scope, what follows is what a feed wrote.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<ImportGuard> guard = NewGuard();
  if (size < 2) return 0;
  cloister::feeds::Listing listing;
  listing.kind = static_cast<ObjectKind>(data[0] % 5 + 1);
  if ((data[0] & 0x80) != 0) listing.scope = Scope::kSubtree;
  listing.value.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  listing.record.verdict = cloister::reputation::Verdict::kMalicious;
  const auto read = cloister::feeds::EntryFromListing(listing);
  const FeedEntry* entry = std::get_if<FeedEntry>(&read);
  if (entry == nullptr) return 0;
  const auto finding = guard->Check(*entry);
  if (!finding.has_value()) return 0;
  const std::string line = cloister::publisher::HeldLine(*finding, *entry);
  const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
  Require(fields.size() == 3, "a held entry is three fields");
  for (const char c : line) {
    Require(c == '\t' || static_cast<unsigned char>(c) >= 0x20, "and one line");
  }
  const auto key = cloister::publisher::KeyOfText(fields[0]);
  Require(key.ok() && *key == entry->key, "it names the key again");
  return 0;
}
