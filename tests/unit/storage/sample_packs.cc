#include "tests/unit/storage/sample_packs.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/digest.h"
#include "storage/files/files.h"
#include "storage/pack/pack_writer.h"

namespace cloister::storage {
namespace {

// Sample packs are made right or the test itself is wrong.
void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << std::endl;
  abort();
}

absl::Status WriteRange(const std::string& path, const PackHeader& header,
                        Entries::const_iterator begin, Entries::const_iterator end,
                        PackSummary* summary) {
  absl::StatusOr<std::unique_ptr<PackWriter>> writer = PackWriter::Create(path, header);
  if (!writer.ok()) return writer.status();
  for (; begin != end; ++begin) {
    absl::Status added = (*writer)->AddEntry(begin->first, begin->second);
    if (!added.ok()) return added;
  }
  absl::StatusOr<PackSummary> finished = (*writer)->Finish();
  if (finished.ok()) *summary = *finished;
  return finished.status();
}

PackHeader HeaderOf(const std::string& feed, uint64_t from, uint64_t to) {
  PackHeader header;
  header.feed = feed;
  header.from_version = from;
  header.to_version = to;
  return header;
}

}  // namespace

reputation::LookupKey SampleKey(uint64_t number) {
  reputation::Sha256Bytes hash = reputation::Sha256(absl::StrCat("sample ", number));
  absl::string_view bytes(reinterpret_cast<const char*>(hash.data()), hash.size());
  return reputation::LookupKey::ForFile(
      *reputation::Digest::FromBytes(reputation::DigestAlgorithm::kSha256, bytes));
}

std::string SampleValue(uint8_t confidence, uint32_t label_id) {
  reputation::Record record;
  record.verdict = reputation::Verdict::kMalicious;
  record.confidence = confidence;
  record.label_id = label_id;
  std::string value;
  Require(reputation::EncodeRecord(record, &value));
  return value;
}

Entries SampleEntries(uint64_t first, uint64_t entries, uint8_t confidence) {
  Entries result;
  reputation::Label label;
  label.threat_name = "Sample.Threat";
  result[LabelKey(7)] = *EncodeLabel(label);
  for (uint64_t i = first; i < first + entries; ++i) {
    result[std::string(SampleKey(i).bytes())] = SampleValue(confidence, 7);
  }
  return result;
}

ContentDigest DigestOf(const Entries& entries) {
  ContentDigest digest;
  for (const auto& [key, value] : entries) digest.Add(key, value);
  return digest;
}

absl::StatusOr<PackSummary> WriteSnapshot(const std::string& path, const PackHeader& header,
                                          const Entries& entries) {
  PackSummary summary;
  absl::Status written = WriteRange(path, header, entries.begin(), entries.end(), &summary);
  if (!written.ok()) return written;
  return summary;
}

absl::StatusOr<PackSummary> WriteDelta(const std::string& path, const PackHeader& header,
                                       const Entries& before, const Entries& after) {
  std::string removed;
  Require(reputation::EncodeRecord(reputation::Record::Removed(), &removed));
  Entries changes;
  for (const auto& [key, value] : before) {
    if (after.count(key) == 0) changes[key] = LabelIdFromKey(key).has_value() ? "" : removed;
  }
  for (const auto& [key, value] : after) {
    auto old = before.find(key);
    if (old == before.end() || old->second != value) changes[key] = value;
  }
  return WriteSnapshot(path, header, changes);
}

VersionSpec SampleFeed::Snapshot(uint64_t version, const Entries& entries, uint32_t parts) const {
  VersionSpec spec;
  spec.feed = feed_;
  spec.version = version;
  spec.records = entries.size();
  spec.coverage.Add(reputation::LookupForm::kFileSha256);
  spec.published = absl::FromUnixSeconds(1'700'000'000 + static_cast<int64_t>(version));
  PackHeader header = HeaderOf(feed_, 0, version);
  header.parts = parts;
  auto begin = entries.begin();
  for (header.part = 1; header.part <= parts; ++header.part) {
    size_t left = static_cast<size_t>(std::distance(begin, entries.end()));
    auto end = std::next(begin, static_cast<ptrdiff_t>(left / (parts - header.part + 1)));
    std::string path = absl::StrCat(store_.PackDirectory(), "/.tmp-sample");
    PackSummary summary;
    Require(WriteRange(path, header, begin, end, &summary));
    spec.packs.push_back(Adopt(path, header, DigestOf(entries)));
    begin = end;
  }
  return spec;
}

VersionSpec SampleFeed::Delta(const VersionSpec& base, const Entries& before, uint64_t version,
                              const Entries& after) const {
  VersionSpec spec = base;
  spec.version = version;
  spec.records = after.size();
  spec.published = absl::FromUnixSeconds(1'700'000'000 + static_cast<int64_t>(version));
  PackHeader header = HeaderOf(feed_, base.version, version);
  std::string path = absl::StrCat(store_.PackDirectory(), "/.tmp-sample");
  Require(WriteDelta(path, header, before, after).status());
  spec.packs.push_back(Adopt(path, header, DigestOf(after)));
  return spec;
}

VersionPack SampleFeed::Adopt(const std::string& path, const PackHeader& header,
                              const ContentDigest& result) const {
  absl::StatusOr<reputation::Sha256Bytes> hash = Sha256OfFile(path);
  Require(hash.status());
  VersionPack pack;
  pack.sha256 = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash->data()), hash->size()));
  pack.bytes = std::filesystem::file_size(path);
  pack.from_version = header.from_version;
  pack.to_version = header.to_version;
  pack.result = result;
  std::filesystem::rename(path, store_.PackPath(pack.sha256));
  return pack;
}

}  // namespace cloister::storage
