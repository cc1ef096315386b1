#include "reputation/protection/protected_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/host_name.h"

namespace cloister::reputation {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;

uint32_t V4Of(absl::string_view bytes) {
  uint32_t address = 0;
  for (unsigned char byte : bytes.substr(0, 4)) address = address << 8 | byte;
  return address;
}

std::array<uint8_t, 16> V6Of(absl::string_view bytes) {
  std::array<uint8_t, 16> address;
  std::copy_n(bytes.begin(), address.size(), address.begin());
  return address;
}

uint32_t LastOf(uint32_t first, int length) {
  return length == 0 ? ~uint32_t{0} : first | ((uint64_t{1} << (kV4Bits - length)) - 1);
}

std::array<uint8_t, 16> LastOf(std::array<uint8_t, 16> first, int length) {
  for (int bit = length; bit < kV6Bits; ++bit) {
    first[static_cast<size_t>(bit / 8)] |= static_cast<uint8_t>(0x80 >> (bit % 8));
  }
  return first;
}

std::string NetworkText(const IpAddress& address, int length) {
  if (length == address.bits()) return address.ToString();
  return IpPrefix::Make(address, length)->ToString();
}

absl::Status TooMany(absl::string_view source) {
  return absl::InvalidArgumentError(absl::StrCat(source, ": with it there are more than ",
                                                 ProtectedSet::kMaxObjects,
                                                 " protected objects; name fewer warning lists"));
}

}  // namespace

bool ProtectedObjects::Masks(Verdict verdict) {
  return verdict == Verdict::kMalicious || verdict == Verdict::kUnwanted ||
         verdict == Verdict::kSuspicious;
}

size_t ProtectedSet::BeginSource(absl::string_view words) {
  sources_.emplace_back(words);
  return sources_.size() - 1;
}

ProtectedSet::Entry ProtectedSet::EntryFor(const LookupKey& key) {
  Entry entry{};
  entry.form = static_cast<uint16_t>(key.form());
  std::copy_n(key.body().begin(), entry.id.size(), entry.id.begin());
  return entry;
}

absl::Status ProtectedSet::Add(Entry entry) {
  if (size() == kMaxObjects || texts_.size() > kMaxTextBytes || sources_.size() > kMaxSources) {
    return TooMany(sources_.back());
  }
  entries_.insert(entry);
  return absl::OkStatus();
}

absl::Status ProtectedSet::AddHost(absl::string_view name, bool and_below) {
  Entry entry = EntryFor(LookupKey::ForHost(name));
  if (entries_.contains(entry)) return absl::OkStatus();
  entry.source = static_cast<uint16_t>(sources_.size() - 1) & 0x7fff;
  entry.and_below = and_below ? 1 : 0;
  entry.text = static_cast<uint32_t>(texts_.size());
  if (absl::Status added = Add(entry); !added.ok()) return added;
  absl::StrAppend(&texts_, name, absl::string_view("\0", 1));
  Entry site = EntryFor(LookupKey::ForUrlExpression(absl::StrCat(name, "/"), /*with_port=*/false));
  site.source = entry.source;
  site.text = entry.text;
  sites_.insert(site);
  return absl::OkStatus();
}

std::vector<ProtectedSet::Name> ProtectedSet::Names() const {
  std::vector<Name> names;
  names.reserve(sites_.size());
  for (const Entry& site : sites_) names.push_back({site.source, texts_.c_str() + site.text});
  std::sort(names.begin(), names.end(),
            [](const Name& a, const Name& b) { return a.text.data() < b.text.data(); });
  return names;
}

absl::Status ProtectedSet::AddFile(const Digest& digest) {
  Entry entry = EntryFor(LookupKey::ForFile(digest));
  entry.source = static_cast<uint16_t>(sources_.size() - 1) & 0x7fff;
  return Add(entry);
}

absl::Status ProtectedSet::AddNetwork(const IpPrefix& prefix) {
  if (size() == kMaxObjects || sources_.size() > kMaxSources) return TooMany(sources_.back());
  const auto length = static_cast<uint8_t>(prefix.length());
  const auto source = static_cast<uint16_t>(sources_.size() - 1);
  if (prefix.address().is_v4()) {
    const uint32_t first = V4Of(prefix.address().bytes());
    v4_.Add({first, LastOf(first, length), length, source});
  } else {
    const V6 first = V6Of(prefix.address().bytes());
    v6_.Add({first, LastOf(first, length), length, source});
  }
  return absl::OkStatus();
}

void ProtectedSet::Sort() {
  texts_.shrink_to_fit();
  v4_.Sort();
  v6_.Sort();
}

const ProtectedSet::Entry* ProtectedSet::FindIn(const Entries& entries, const LookupKey& key) {
  const auto found = entries.find(EntryFor(key));
  return found == entries.end() ? nullptr : &*found;
}

std::string ProtectedSet::Describe(const Entry& entry, const LookupKey& key) const {
  const std::string& source = sources_[entry.source];
  if (key.kind() == ObjectKind::kHost || key.kind() == ObjectKind::kUrl) {
    return absl::StrCat(source, texts_.c_str() + entry.text);
  }
  // "empty file" says it all; a list's words end where its entry begins.
  if (source.back() != ' ') return source;
  return absl::StrCat(source, absl::BytesToHexString(key.body()));
}

std::optional<ProtectedSet::Found> ProtectedSet::FindNetwork(const LookupKey& key,
                                                             bool touching) const {
  const absl::string_view body = key.body();
  const int length = static_cast<unsigned char>(body.back());
  const auto found = [this](const auto& range, const IpAddress& address) {
    return Found{range.source, sources_[range.source] + NetworkText(address, range.length)};
  };
  if (key.form() == LookupForm::kIpv4Prefix) {
    const uint32_t first = V4Of(body);
    const auto range = v4_.Find(first, LastOf(first, length), touching);
    if (!range) return std::nullopt;
    return found(*range, IpAddress::FromV4(range->first));
  }
  const V6 first = V6Of(body);
  const auto range = v6_.Find(first, LastOf(first, length), touching);
  if (!range) return std::nullopt;
  return found(*range, IpAddress::FromV6(range->first));
}

std::optional<ProtectedSet::Found> ProtectedSet::Find(const LookupKey& key, Scope scope) const {
  if (key.kind() == ObjectKind::kIp) return FindNetwork(key, /*touching=*/true);
  if (key.kind() == ObjectKind::kUrl && scope != Scope::kSubtree) return std::nullopt;
  const Entry* entry = FindIn(key.kind() == ObjectKind::kUrl ? sites_ : entries_, key);
  if (entry == nullptr) return std::nullopt;
  return Found{entry->source, Describe(*entry, key)};
}

std::optional<std::string> ProtectedSet::Protects(const LookupKey& key, Scope scope) const {
  std::optional<Found> found = Find(key, scope);
  if (!found.has_value()) return std::nullopt;
  return std::move(found->words);
}

std::optional<std::string> ProtectedSet::ProtectsAnswer(std::span<const LookupKey> keys,
                                                        size_t index, Scope scope) const {
  const LookupKey& matched = keys[index];
  if (matched.kind() == ObjectKind::kIp) {
    // The first key of an address is the address; what follows are the prefixes around it.
    while (index > 0 && keys[index - 1].kind() == ObjectKind::kIp) --index;
    std::optional<Found> found = FindNetwork(keys[index], /*touching=*/false);
    if (!found.has_value()) return std::nullopt;
    return std::move(found->words);
  }
  if (std::optional<std::string> itself = Protects(matched, scope)) return itself;
  if (matched.kind() != ObjectKind::kHost) return std::nullopt;
  // The name asked about, and what it lies below, whichever of them the record lists.
  size_t name = index;
  while (name > 0 && keys[name - 1].kind() == ObjectKind::kHost) --name;
  for (size_t i = name; i < keys.size() && keys[i].kind() == ObjectKind::kHost; ++i) {
    const Entry* entry = FindIn(entries_, keys[i]);
    if (entry != nullptr && (i == name || entry->and_below != 0)) return Describe(*entry, keys[i]);
  }
  return std::nullopt;
}

std::optional<std::string> ProtectedSet::ProtectsText(ObjectKind kind, absl::string_view expression,
                                                      Scope scope) const {
  absl::string_view name = expression;
  if (kind == ObjectKind::kUrl) {
    // A listed page does not condemn the site that it is on.
    if (scope != Scope::kSubtree || name.find('/') != name.size() - 1) return std::nullopt;
    name = name.substr(0, name.find_first_of(":/"));
  } else if (kind != ObjectKind::kHost) {
    return std::nullopt;
  }
  const LookupKey itself = LookupKey::ForHost(name);
  if (const Entry* entry = FindIn(entries_, itself); entry != nullptr) {
    return Describe(*entry, itself);
  }
  for (absl::string_view parent : HostSuffixes(name)) {
    const LookupKey key = LookupKey::ForHost(parent);
    const Entry* entry = FindIn(entries_, key);
    if (entry != nullptr && entry->and_below != 0) return Describe(*entry, key);
  }
  if (!public_suffixes_ || !IsPublicSuffix(name)) return std::nullopt;
  return absl::StrCat("public suffix ", name);
}

}  // namespace cloister::reputation
