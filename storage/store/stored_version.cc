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

absl::Status ReadPacks(const v1::FeedVersion& message, std::vector<std::string>* out) {
  for (const std::string& pack : message.packs()) {
    if (pack.size() != kSha256Bytes) return Damaged("names a pack by something else than a hash");
    out->push_back(absl::BytesToHexString(pack));
  }
  return absl::OkStatus();
}

}  // namespace

std::string VersionKey(absl::string_view feed, uint64_t version) {
  return absl::StrCat(kVersionKeyPrefix, feed, "/", absl::StrFormat("%020d", version));
}

std::string EncodeVersion(const StoredVersion& version) {
  const ServedFeed& served = version.served;
  v1::FeedVersion message;
  message.set_feed(served.feed);
  message.set_version(served.version);
  message.set_column_family(version.column_family);
  for (const std::string& pack : served.packs) message.add_packs(absl::HexStringToBytes(pack));
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
  absl::StatusOr<ContentDigest> digest =
      ContentDigest::FromParts(message.entries(), message.content_sum());
  if (!digest.ok()) return Damaged(digest.status().message());
  served.digest = *digest;
  absl::StatusOr<reputation::Coverage> coverage = reputation::Coverage::FromNames(
      std::vector<std::string>(message.coverage().begin(), message.coverage().end()));
  if (!coverage.ok()) return Damaged(coverage.status().message());
  served.coverage = *coverage;
  if (absl::Status s = ReadPrefixLengths(message, &served.prefix_lengths); !s.ok()) return s;
  if (absl::Status s = ReadPacks(message, &served.packs); !s.ok()) return s;
  version.column_family = message.column_family();
  version.generation = message.generation();
  return version;
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
