#include "sync/trust/pack_target.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/json_fields.h"

namespace cloister::trust {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;

constexpr uint64_t kMaxParts = 4096;
constexpr uint64_t kMaxRecords = uint64_t{1} << 40;
constexpr uint64_t kMaxPollSeconds = 7 * 24 * 3600;
constexpr size_t kMaxFeedBytes = 64;
constexpr size_t kDigestHexDigits = 64;

bool IsHexDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
}

// "<entries>:<64 hexadecimal digits>"
bool IsContentDigest(absl::string_view text) {
  size_t colon = text.find(':');
  if (colon == 0 || colon == absl::string_view::npos || colon > 20) return false;
  absl::string_view entries = text.substr(0, colon);
  absl::string_view sum = text.substr(colon + 1);
  return std::all_of(entries.begin(), entries.end(), absl::ascii_isdigit) &&
         sum.size() == kDigestHexDigits && std::all_of(sum.begin(), sum.end(), IsHexDigit);
}

template <size_t kSize>
std::vector<int> Lengths(const std::bitset<kSize>& bits) {
  std::vector<int> lengths;
  for (size_t i = 0; i < kSize; ++i) {
    if (bits[i]) lengths.push_back(static_cast<int>(i));
  }
  return lengths;
}

template <size_t kSize>
void ReadLengths(const JsonFields& fields, absl::string_view name, std::bitset<kSize>* bits) {
  for (uint64_t length : fields.Integers(name, {.max = kSize - 1})) bits->set(length);
}

void ReadVersions(const JsonFields& fields, PackTarget* pack) {
  pack->from_version = fields.Integer("from");
  pack->to_version = fields.Integer("to", {.min = 1});
  if (pack->from_version >= pack->to_version) fields.Wrong("from", "is not below to");
  pack->parts = static_cast<uint32_t>(fields.Integer("parts", {.min = 1, .max = kMaxParts}));
  pack->part = static_cast<uint32_t>(fields.Integer("part", {.min = 1, .max = kMaxParts}));
  if (pack->part > pack->parts) fields.Wrong("part", "is above parts");
  if (pack->is_delta() && pack->parts != 1) fields.Wrong("parts", "must be 1 for a delta");
}

SourceNote ReadSource(const JsonFields& fields) {
  SourceNote note;
  note.name = fields.String("name");
  if (fields.Has("licence")) note.licence = fields.String("licence");
  if (fields.Has("attribution")) note.attribution = fields.String("attribution");
  if (fields.Has("url")) note.url = fields.String("url");
  if (!fields.Has("redistribution")) return note;
  // A word of a later release says something, but nothing that can be relied on.
  note.redistribution = reputation::RedistributionFromName(fields.String("redistribution"))
                            .value_or(Redistribution::kUnstated);
  return note;
}

// Metadata of publishers before 0.2 states none.
void ReadSources(const JsonFields& fields, FieldErrors* errors, PackTarget* pack) {
  if (!fields.Has("sources")) return;
  const json& sources = fields.Array("sources");
  if (sources.size() > reputation::kMaxSourceNotes) {
    fields.Wrong("sources", absl::StrCat("are more than ", reputation::kMaxSourceNotes));
    return;
  }
  for (const json& source : sources) {
    pack->sources.push_back(
        ReadSource(JsonFields(source, absl::StrCat(fields.path(), ".sources"), errors)));
  }
  if (!errors->ok()) return;
  const absl::Status good = reputation::CheckSourceNotes(pack->sources);
  if (!good.ok()) fields.Wrong("sources", good.message());
}

json SourceToJson(const SourceNote& note) {
  json fields = {{"name", note.name}};
  if (!note.licence.empty()) fields["licence"] = note.licence;
  if (!note.attribution.empty()) fields["attribution"] = note.attribution;
  if (!note.url.empty()) fields["url"] = note.url;
  if (note.redistribution != Redistribution::kUnstated) {
    fields["redistribution"] = std::string(reputation::RedistributionName(note.redistribution));
  }
  return fields;
}

void ReadContent(const JsonFields& fields, PackTarget* pack) {
  pack->entries = fields.Integer("entries", {.max = kMaxRecords});
  pack->version_records = fields.Integer("records", {.max = kMaxRecords});
  pack->content_digest = fields.String("content_digest");
  if (!IsContentDigest(pack->content_digest)) {
    fields.Wrong("content_digest", "must be a number, a colon and 64 hexadecimal digits");
  }
  if (fields.Has("base_digest")) {
    pack->base_digest = fields.String("base_digest");
    if (!pack->is_delta() || !IsContentDigest(pack->base_digest)) {
      fields.Wrong("base_digest", "must be a delta's, a number, a colon and 64 hexadecimal digits");
    }
  }
  absl::StatusOr<reputation::Coverage> coverage =
      reputation::Coverage::FromNames(fields.Strings("coverage"));
  if (coverage.ok()) {
    pack->coverage = *coverage;
  } else {
    fields.Wrong("coverage", "names a kind that this program does not know");
  }
  ReadLengths(fields, "ipv4_prefix_lengths", &pack->prefix_lengths.v4);
  ReadLengths(fields, "ipv6_prefix_lengths", &pack->prefix_lengths.v6);
  pack->minimum_poll_interval =
      absl::Seconds(fields.Integer("minimum_poll_s", {.max = kMaxPollSeconds}));
}

absl::StatusOr<PackTarget> ReadPack(const std::string& path, const TargetFile& target,
                                    absl::string_view feed) {
  FieldErrors errors(RejectReason::kTargetUndescribed);
  JsonFields custom(target.custom, absl::StrCat(path, ": custom"), &errors);
  JsonFields fields = custom.Object("cloister");
  PackTarget pack;
  pack.path = path;
  if (absl::StrContains(path, '/')) custom.Wrong("path", "lies in a folder, where packs do not");
  auto sha256 = target.hashes.find("sha256");
  if (sha256 == target.hashes.end()) {
    custom.Wrong("hashes", "has no sha256");
  } else {
    pack.sha256 = sha256->second;
  }
  pack.bytes = target.length;
  pack.feed = fields.String("feed");
  if (errors.ok() && pack.feed != feed) {
    absl::string_view shown = absl::string_view(pack.feed).substr(0, kMaxFeedBytes);
    return Rejected(RejectReason::kWrongFeed,
                    absl::StrCat(path, " belongs to feed \"", shown, "\", not to \"", feed, "\""));
  }
  ReadVersions(fields, &pack);
  ReadContent(fields, &pack);
  ReadSources(fields, &errors, &pack);
  if (!errors.ok()) return errors.first();
  return pack;
}

absl::Status Contradiction(const PackTarget& pack, absl::string_view what) {
  return Rejected(RejectReason::kTargetUndescribed, absl::StrCat(pack.path, ": ", what));
}

bool AgreeOnVersion(const PackTarget& a, const PackTarget& b) {
  return a.version_records == b.version_records && a.content_digest == b.content_digest &&
         a.coverage == b.coverage && a.prefix_lengths == b.prefix_lengths && a.sources == b.sources;
}

bool DeclaresAllOf(const PackTarget& pack, const PackTarget& base) {
  reputation::Coverage coverage = pack.coverage;
  coverage.Add(base.coverage);
  reputation::PrefixLengths lengths = pack.prefix_lengths;
  lengths.Add(base.prefix_lengths);
  return coverage == pack.coverage && lengths == pack.prefix_lengths;
}

// What deltas say about the versions that they start from.
absl::Status CheckBases(const std::vector<PackTarget>& packs,
                        const std::map<uint64_t, const PackTarget*>& versions) {
  std::map<uint64_t, const PackTarget*> stated;
  for (const PackTarget& pack : packs) {
    if (!pack.is_delta()) continue;
    auto base = versions.find(pack.from_version);
    if (base != versions.end() && !DeclaresAllOf(pack, *base->second)) {
      return Rejected(RejectReason::kPackUndeclared,
                      absl::StrCat(pack.path, " declares less than ", base->second->path,
                                   ", from which it starts"));
    }
    if (pack.base_digest.empty()) continue;
    const PackTarget& first = *stated.emplace(pack.from_version, &pack).first->second;
    if (first.base_digest != pack.base_digest ||
        (base != versions.end() && base->second->content_digest != pack.base_digest)) {
      return Contradiction(pack, absl::StrCat("starts from another version ", pack.from_version,
                                              " than others lead to or start from"));
    }
  }
  return absl::OkStatus();
}

// What several packs say about one version, and about each other.
absl::Status CheckTogether(const std::vector<PackTarget>& packs) {
  std::map<uint64_t, const PackTarget*> versions;
  std::map<std::tuple<uint64_t, uint64_t, uint32_t>, const PackTarget*> places;
  std::map<uint64_t, uint32_t> parts;  // of each snapshot: how many there are
  for (const PackTarget& pack : packs) {
    const PackTarget& first = *versions.emplace(pack.to_version, &pack).first->second;
    if (!AgreeOnVersion(first, pack)) {
      return Contradiction(pack, absl::StrCat("says something else about version ", pack.to_version,
                                              " than ", first.path));
    }
    if (!places.emplace(std::tuple(pack.to_version, pack.from_version, pack.part), &pack).second) {
      return Contradiction(pack, "another target is the same pack");
    }
    if (pack.is_delta()) continue;
    uint32_t stated = parts.emplace(pack.to_version, pack.parts).first->second;
    if (stated != pack.parts) {
      return Contradiction(pack, "parts differs between the parts of one snapshot");
    }
  }
  for (const auto& [version, stated] : parts) {
    // No part comes twice, and none is above `stated`: enough of them are all of them.
    auto begin = places.lower_bound({version, 0, 0});
    auto end = places.lower_bound({version, 1, 0});
    if (static_cast<uint64_t>(std::distance(begin, end)) != stated) {
      return Contradiction(*begin->second, "not every part of its snapshot is listed");
    }
  }
  return CheckBases(packs, versions);
}

}  // namespace

json PackTargetToCustom(const PackTarget& target) {
  json fields = {
      {"feed", target.feed},
      {"from", target.from_version},
      {"to", target.to_version},
      {"part", target.part},
      {"parts", target.parts},
      {"entries", target.entries},
      {"records", target.version_records},
      {"content_digest", target.content_digest},
      {"coverage", target.coverage.Names()},
      {"ipv4_prefix_lengths", Lengths(target.prefix_lengths.v4)},
      {"ipv6_prefix_lengths", Lengths(target.prefix_lengths.v6)},
      {"minimum_poll_s", absl::ToInt64Seconds(target.minimum_poll_interval)},
  };
  if (!target.base_digest.empty()) fields["base_digest"] = target.base_digest;
  for (const SourceNote& note : target.sources) fields["sources"].push_back(SourceToJson(note));
  return {{"cloister", std::move(fields)}};
}

absl::StatusOr<std::vector<PackTarget>> PacksOnOffer(const Targets& targets,
                                                     absl::string_view feed) {
  std::vector<PackTarget> packs;
  for (const auto& [path, target] : targets.targets) {
    if (!absl::EndsWith(path, ".sst")) continue;
    absl::StatusOr<PackTarget> pack = ReadPack(path, target, feed);
    if (!pack.ok()) return pack.status();
    packs.push_back(*std::move(pack));
  }
  if (absl::Status s = CheckTogether(packs); !s.ok()) return s;
  return packs;
}

uint64_t NewestVersion(const std::vector<PackTarget>& packs) {
  uint64_t newest = 0;
  for (const PackTarget& pack : packs) newest = std::max(newest, pack.to_version);
  return newest;
}

}  // namespace cloister::trust
