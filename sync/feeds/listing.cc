#include "sync/feeds/listing.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/digest.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "reputation/label.h"
#include "reputation/object.h"
#include "reputation/url.h"

namespace cloister::feeds {
namespace {

using reputation::LookupKey;
using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;

constexpr int kWidestIpv4Prefix = 8;
constexpr int kWidestIpv6Prefix = 16;

// What a value turned out to name, and how far the listing reaches.
struct Target {
  LookupKey key;
  Scope scope = Scope::kExact;
};
using TargetOrFault = std::variant<Target, Fault>;

Fault BadValue(const absl::Status& status) {
  return {RowFault::kBadValue, std::string(status.message())};
}

Fault BadScope(absl::string_view what, Scope scope) {
  return {RowFault::kBadScope,
          absl::StrCat(what, " cannot have the scope ", reputation::ScopeName(scope))};
}

TargetOrFault FileTarget(const Listing& listing) {
  absl::StatusOr<reputation::Digest> digest = reputation::Digest::FromHex(listing.value);
  if (!digest.ok()) return BadValue(digest.status());
  const Scope scope = listing.scope.value_or(Scope::kExact);
  if (scope != Scope::kExact) return BadScope("a file", scope);
  const LookupKey key = LookupKey::ForFile(*digest);
  std::optional<Fault> fault = VerdictFault(key, listing.record.verdict);
  if (fault.has_value()) return *std::move(fault);
  return Target{key};
}

// Whether dropping the fragment leaves a page that many share: the root page, or the one script
// that routes by what follows '#'.
bool IdentityIsInFragment(absl::string_view text, const reputation::CanonicalUrl& url) {
  const size_t hash = text.find('#');
  if (hash == absl::string_view::npos) return false;
  const absl::string_view fragment = absl::StripAsciiWhitespace(text.substr(hash + 1));
  if (fragment.empty()) return false;
  const bool root_page = url.path == "/" && !url.query.has_value();
  return root_page || fragment.front() == '/' || fragment.front() == '!';
}

TargetOrFault UrlTarget(const Listing& listing) {
  absl::StatusOr<reputation::CanonicalUrl> url = reputation::CanonicalizeUrl(listing.value);
  if (!url.ok()) return BadValue(url.status());
  if (IdentityIsInFragment(listing.value, *url)) {
    return Fault{RowFault::kFragmentIdentity,
                 absl::StrCat("without its fragment this lists ", url->ToString(),
                              ", which other pages share")};
  }
  const Scope scope = listing.scope.value_or(Scope::kExact);
  if (scope == Scope::kSubdomainsOnly) return BadScope("a URL", scope);
  if (scope == Scope::kSubtree && url->path == "/" && !url->ip.has_value() &&
      reputation::IsPublicSuffix(url->host)) {
    return Fault{RowFault::kPublicSuffix, absl::StrCat(url->host, " is shared by strangers")};
  }
  const std::vector<reputation::UrlExpression> expressions = reputation::UrlExpressions(*url);
  const reputation::UrlExpression& listed = expressions.front();
  return Target{LookupKey::ForUrlExpression(listed.text, listed.with_port), scope};
}

TargetOrFault HostTarget(const Listing& listing) {
  absl::string_view value = listing.value;
  const bool below_only = absl::ConsumePrefix(&value, "*.");
  if (reputation::IpAddress::Parse(value).ok()) {
    return Fault{RowFault::kBadValue, "an address is not a host name; list it with the kind ip"};
  }
  absl::StatusOr<std::string> name = reputation::CanonicalHostName(value);
  if (!name.ok()) return BadValue(name.status());
  if (reputation::IsPublicSuffix(*name)) {
    return Fault{RowFault::kPublicSuffix,
                 absl::StrCat(*name,
                              " is a public suffix, shared by strangers; list the hosts "
                              "below it one by one")};
  }
  const Scope scope = listing.scope.value_or(below_only ? Scope::kSubdomainsOnly : Scope::kExact);
  if (below_only && scope == Scope::kExact) return BadScope("a name that starts with *.", scope);
  return Target{LookupKey::ForHost(*name), scope};
}

TargetOrFault IpTarget(const Listing& listing) {
  absl::StatusOr<reputation::IpPrefix> prefix = reputation::IpPrefix::Parse(listing.value);
  if (!prefix.ok()) return BadValue(prefix.status());
  const bool v4 = prefix->address().is_v4();
  const int widest = v4 ? kWidestIpv4Prefix : kWidestIpv6Prefix;
  if (prefix->length() < widest) {
    return Fault{RowFault::kPrefixTooWide,
                 absl::StrCat(prefix->ToString(), " is wider than /", widest)};
  }
  const bool network = prefix->length() < prefix->address().bits();
  const Scope own = network ? Scope::kSubtree : Scope::kExact;
  const Scope scope = listing.scope.value_or(own);
  if (scope == Scope::kSubdomainsOnly) return BadScope("an address", scope);
  if (network && scope == Scope::kExact) return BadScope("a network", scope);
  return Target{LookupKey::ForIpPrefix(*prefix), own};
}

TargetOrFault SoftwareTarget(const Listing& listing) {
  absl::StatusOr<reputation::Object> software = reputation::Object::Software(listing.value);
  if (!software.ok()) return BadValue(software.status());
  const Scope scope = listing.scope.value_or(Scope::kExact);
  if (scope == Scope::kSubdomainsOnly) return BadScope("software", scope);
  return Target{software->Keys(/*with_expressions=*/false).keys.front(), scope};
}

TargetOrFault TargetOf(const Listing& listing) {
  switch (listing.kind) {
    case ObjectKind::kFile:
      return FileTarget(listing);
    case ObjectKind::kUrl:
      return UrlTarget(listing);
    case ObjectKind::kHost:
      return HostTarget(listing);
    case ObjectKind::kIp:
      return IpTarget(listing);
    case ObjectKind::kSoftware:
      return SoftwareTarget(listing);
  }
  return Fault{RowFault::kUnknownKind, "no such kind"};
}

// What an exclusion may carry, and no more.
FeedEntry ExcludedEntry(const LookupKey& key, Scope scope, const Listing& listing) {
  reputation::Record record;
  record.excluded = true;
  record.scope = scope;
  record.applies_to = listing.record.applies_to;
  record.valid_until_hours = listing.record.valid_until_hours;
  return {key, record, {}, listing.value};
}

}  // namespace

Listing ThreatDefaults(const FeedOptions& options, Verdict verdict,
                       std::vector<reputation::Category> categories) {
  Listing listing;
  listing.record.verdict = options.verdict.value_or(verdict);
  listing.record.confidence = options.confidence;
  std::vector<reputation::Category>& listed = listing.label.categories;
  listed = options.categories.value_or(std::move(categories));
  std::sort(listed.begin(), listed.end());
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  return listing;
}

std::optional<Fault> VerdictFault(const LookupKey& key, Verdict verdict) {
  if (verdict != Verdict::kTrusted || key.kind() != ObjectKind::kFile ||
      key.form() == reputation::LookupForm::kFileSha256) {
    return std::nullopt;
  }
  return Fault{RowFault::kWeakDigestTrusted,
               "trusted needs SHA-256: files that share an MD5 or SHA-1 can be made at will; "
               "use known"};
}

std::optional<Fault> LabelFault(const reputation::Label& label) {
  const absl::Status checked = reputation::CheckLabel(label);
  if (checked.ok()) return std::nullopt;
  return Fault{RowFault::kBadLabel, std::string(checked.message())};
}

std::variant<FeedEntry, Fault> EntryFromListing(const Listing& listing) {
  TargetOrFault target = TargetOf(listing);
  if (Fault* fault = std::get_if<Fault>(&target)) return std::move(*fault);
  const Target& found = std::get<Target>(target);
  if (listing.record.excluded) return ExcludedEntry(found.key, found.scope, listing);
  std::optional<Fault> label_fault = LabelFault(listing.label);
  if (label_fault.has_value()) return *std::move(label_fault);

  FeedEntry entry{found.key, listing.record, listing.label, listing.value};
  entry.record.scope = found.scope;
  entry.record.label_id = 0;
  return entry;
}

}  // namespace cloister::feeds
