#include "storage/store/stored_version.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cloister/v1/pack.pb.h"

namespace cloister::storage {
namespace {

constexpr size_t kSha256Bytes = 32;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the record of a version ", what));
}

absl::Status ReadPrefixLengths(const v1::FeedVersion& message, reputation::PrefixLengths* out) {
  for (uint32_t length : message.ipv4_prefix_lengths()) {
    if (length >= out->v4.size()) return Damaged("has an impossible IPv4 prefix length");
    out->v4.set(length);
  }
  for (uint32_t length : message.ipv6_prefix_lengths()) {
    if (length >= out->v6.size()) return Damaged("has an impossible IPv6 prefix length");
    out->v6.set(length);
  }
  return absl::OkStatus();
}

absl::Status ReadPackNames(const v1::FeedVersion& message, std::vector<std::string>* out) {
  for (const std::string& pack : message.packs()) {
    if (pack.size() != kSha256Bytes) return Damaged("names a pack by something else than a hash");
    out->push_back(absl::BytesToHexString(pack));
  }
  return absl::OkStatus();
}

absl::Status ReadPackDetails(const v1::FeedVersion& message, StoredVersion* version) {
  if (message.pack_details().empty()) return absl::OkStatus();
  if (message.pack_details_size() != message.packs_size()) {
    return Damaged("does not describe each of its packs");
  }
  for (int i = 0; i < message.pack_details_size(); ++i) {
    const v1::StoredPack& stored = message.pack_details(i);
    absl::StatusOr<ContentDigest> result =
        ContentDigest::FromParts(stored.entries(), stored.content_sum());
    if (!result.ok()) return Damaged(result.status().message());
    version->packs.push_back({.sha256 = version->served.packs[static_cast<size_t>(i)],
                              .bytes = stored.bytes(),
                              .from_version = stored.from_version(),
                              .to_version = stored.to_version(),
                              .result = *result});
    version->served.pack_bytes += stored.bytes();
  }
  return absl::OkStatus();
}

void WriteSources(const std::vector<reputation::SourceNote>& sources, v1::FeedVersion* message) {
  for (const reputation::SourceNote& source : sources) {
    v1::StoredSource* stored = message->add_sources();
    stored->set_name(source.name);
    stored->set_licence(source.licence);
    stored->set_attribution(source.attribution);
    stored->set_url(source.url);
    stored->set_redistribution(std::string(reputation::RedistributionName(source.redistribution)));
  }
}

std::vector<reputation::SourceNote> ReadSources(const v1::FeedVersion& message) {
  std::vector<reputation::SourceNote> sources;
  for (const v1::StoredSource& stored : message.sources()) {
    sources.push_back({.name = stored.name(),
                       .licence = stored.licence(),
                       .attribution = stored.attribution(),
                       .url = stored.url(),
                       // What a later release wrote is not known here.
                       .redistribution = reputation::RedistributionFromName(stored.redistribution())
                                             .value_or(reputation::Redistribution::kUnstated)});
  }
  return sources;
}

void WritePacks(const StoredVersion& version, v1::FeedVersion* message) {
  for (const std::string& pack : version.served.packs) {
    message->add_packs(absl::HexStringToBytes(pack));
  }
  for (const VersionPack& pack : version.packs) {
    v1::StoredPack* stored = message->add_pack_details();
    stored->set_bytes(pack.bytes);
    stored->set_from_version(pack.from_version);
    stored->set_to_version(pack.to_version);
    stored->set_entries(pack.result.entries());
    stored->set_content_sum(pack.result.sum());
  }
}

}  // namespace

std::string VersionKey(absl::string_view feed, uint64_t version) {
  return absl::StrCat(kVersionKeyPrefix, feed, "/", absl::StrFormat("%020d", version));
}

StoredVersion VersionFromSpec(const VersionSpec& spec) {
  StoredVersion version;
  version.waits = true;
  version.packs = spec.packs;
  ServedFeed& served = version.served;
  served.feed = spec.feed;
  served.version = spec.version;
  served.records = spec.records;
  served.digest = spec.packs.back().result;
  served.coverage = spec.coverage;
  served.prefix_lengths = spec.prefix_lengths;
  served.published = spec.published;
  served.taken = spec.taken;
  served.sources = spec.sources;
  for (const VersionPack& pack : spec.packs) {
    served.packs.push_back(pack.sha256);
    served.pack_bytes += pack.bytes;
  }
  return version;
}

VersionSpec SpecOfVersion(const StoredVersion& version) {
  const ServedFeed& served = version.served;
  VersionSpec spec;
  spec.feed = served.feed;
  spec.version = served.version;
  spec.packs = version.packs;
  spec.coverage = served.coverage;
  spec.prefix_lengths = served.prefix_lengths;
  spec.records = served.records;
  spec.published = served.published;
  spec.taken = served.taken;
  spec.sources = served.sources;
  return spec;
}

std::string EncodeVersion(const StoredVersion& version) {
  const ServedFeed& served = version.served;
  v1::FeedVersion message;
  message.set_feed(served.feed);
  message.set_version(served.version);
  message.set_column_family(version.column_family);
  WritePacks(version, &message);
  message.set_entries(served.digest.entries());
  message.set_content_sum(served.digest.sum());
  for (std::string& name : served.coverage.Names()) message.add_coverage(std::move(name));
  for (size_t i = 0; i < served.prefix_lengths.v4.size(); ++i) {
    if (served.prefix_lengths.v4[i]) message.add_ipv4_prefix_lengths(static_cast<uint32_t>(i));
  }
  for (size_t i = 0; i < served.prefix_lengths.v6.size(); ++i) {
    if (served.prefix_lengths.v6[i]) message.add_ipv6_prefix_lengths(static_cast<uint32_t>(i));
  }
  message.set_published_unix_s(absl::ToUnixSeconds(served.published));
  message.set_generation(version.generation);
  message.set_records(served.records);
  message.set_waits(version.waits);
  message.set_taken_unix_s(absl::ToUnixSeconds(served.taken));
  WriteSources(served.sources, &message);
  return message.SerializeAsString();
}

absl::StatusOr<StoredVersion> DecodeVersion(absl::string_view bytes) {
  v1::FeedVersion message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Damaged("cannot be read");
  }
  StoredVersion version;
  ServedFeed& served = version.served;
  served.feed = message.feed();
  served.version = message.version();
  served.records = message.records();
  served.published = absl::FromUnixSeconds(message.published_unix_s());
  // What an older release wrote does not say; it was not taken before that, at least.
  served.taken = message.taken_unix_s() == 0 ? served.published
                                             : absl::FromUnixSeconds(message.taken_unix_s());
  served.sources = ReadSources(message);
  absl::StatusOr<ContentDigest> digest =
      ContentDigest::FromParts(message.entries(), message.content_sum());
  if (!digest.ok()) return Damaged(digest.status().message());
  served.digest = *digest;
  absl::StatusOr<reputation::Coverage> coverage = reputation::Coverage::FromNames(
      std::vector<std::string>(message.coverage().begin(), message.coverage().end()));
  if (!coverage.ok()) return Damaged(coverage.status().message());
  served.coverage = *coverage;
  if (absl::Status s = ReadPrefixLengths(message, &served.prefix_lengths); !s.ok()) return s;
  if (absl::Status s = ReadPackNames(message, &served.packs); !s.ok()) return s;
  if (absl::Status s = ReadPackDetails(message, &version); !s.ok()) return s;
  version.column_family = message.column_family();
  version.generation = message.generation();
  version.waits = message.waits();
  return version;
}

std::string EncodeDirective(const FeedDirective& directive) {
  v1::StoredDirective message;
  message.set_pinned(directive.pinned);
  message.set_accepted(directive.accepted);
  message.set_rejected(directive.rejected);
  return message.SerializeAsString();
}

absl::StatusOr<FeedDirective> DecodeDirective(absl::string_view bytes) {
  v1::StoredDirective message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a decision about a feed's versions cannot be read");
  }
  return FeedDirective{message.pinned(), message.accepted(), message.rejected()};
}

std::string EncodeNumber(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
  return bytes;
}

absl::StatusOr<uint64_t> DecodeNumber(absl::string_view bytes) {
  if (bytes.size() != 8) return absl::DataLossError("a number of the database has no 8 bytes");
  uint64_t number = 0;
  for (char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

}  // namespace cloister::storage
