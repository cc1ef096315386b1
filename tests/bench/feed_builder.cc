#include "tests/bench/feed_builder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "nlohmann/json.hpp"
#include "reputation/lookup_key.h"
#include "storage/files/files.h"
#include "storage/pack/pack_writer.h"
#include "sync/publisher/signing/signed_file.h"
#include "sync/trust/key.h"
#include "sync/trust/updater.h"
#include "sync/trust_state/spool.h"

namespace cloister::bench {
namespace {

using nlohmann::json;
using reputation::LookupKey;
using trust::Role;

constexpr uint64_t kRecordsPerPart = 1'000'000;  // some 58 MB
constexpr Role kRoles[] = {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets};

std::string MetadataTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// What every metadata file has in common.
json SignedPart(Role role, uint64_t version) {
  return {{"_type", std::string(trust::RoleName(role))},
          {"spec_version", "1.0.31"},
          {"version", version},
          {"expires", MetadataTime(absl::Now() + absl::Hours(24 * 30))}};
}

std::string Hex(const reputation::Sha256Bytes& bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

json FileMeta(uint64_t version, const std::string& bytes) {
  return {{"version", version},
          {"length", bytes.size()},
          {"hashes", {{"sha256", Hex(reputation::Sha256(bytes))}}}};
}

// Labels by index, and their ids.
absl::StatusOr<std::vector<uint32_t>> LabelIds() {
  std::set<reputation::Label> labels;
  for (uint32_t i = 0; i < kLabels; ++i) labels.insert(LabelAt(i));
  const auto assigned = storage::AssignLabelIds(labels);
  if (!assigned.ok()) return assigned.status();
  std::vector<uint32_t> ids;
  for (uint32_t i = 0; i < kLabels; ++i) ids.push_back(assigned->at(LabelAt(i)));
  return ids;
}

absl::Status AddLabels(const std::vector<uint32_t>& ids, storage::PackWriter* writer) {
  std::map<uint32_t, uint32_t> by_id;
  for (uint32_t i = 0; i < ids.size(); ++i) by_id[ids[i]] = i;
  for (const auto& [id, index] : by_id) {
    if (absl::Status s = writer->AddLabel(id, LabelAt(index)); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<FeedBuilder>> FeedBuilder::Create(const std::string& directory,
                                                                 const std::string& spool_directory,
                                                                 const std::string& feed) {
  std::unique_ptr<FeedBuilder> builder(new FeedBuilder(directory, spool_directory, feed));
  for (const std::string& made : {directory + "/packs", spool_directory + "/" + feed}) {
    if (absl::Status s = storage::MakeDirectories(made); !s.ok()) return s;
  }
  if (absl::Status s = builder->MakeKeysAndRoot(); !s.ok()) return s;
  return builder;
}

absl::Status FeedBuilder::MakeKeysAndRoot() {
  json root = SignedPart(Role::kRoot, 1);
  root["consistent_snapshot"] = true;
  for (Role role : kRoles) {
    auto key = publisher::SigningKey::Generate();
    if (!key.ok()) return key.status();
    root["keys"][key->key_id()] = trust::PublicKeyToJson(key->public_key());
    root["roles"][std::string(trust::RoleName(role))] = {{"keyids", {key->key_id()}},
                                                         {"threshold", 1}};
    keys_.emplace(role, *std::move(key));
  }
  const auto bytes = Sign(std::move(root), Role::kRoot);
  if (!bytes.ok()) return bytes.status();
  return storage::WriteFileAtomically(RootPath(), *bytes);
}

absl::StatusOr<std::string> FeedBuilder::Sign(json signed_part, Role role) const {
  return publisher::SignedFileBytes(signed_part, {keys_.at(role)});
}

absl::Status FeedBuilder::AddSnapshot(const Digests& digests) {
  const auto parts = static_cast<uint32_t>(
      std::max<uint64_t>(1, (digests.count() + kRecordsPerPart - 1) / kRecordsPerPart));
  packs_.clear();
  version_ = 1;
  for (uint32_t part = 1; part <= parts; ++part) {
    const Part written{{feed_, 0, version_, part, parts},
                       digests.count() * (part - 1) / parts,
                       digests.count() * part / parts};
    if (absl::Status s = WritePart(digests, written); !s.ok()) return s;
  }
  Describe(0);
  return absl::OkStatus();
}

absl::Status FeedBuilder::AddDelta(const Digests& digests) {
  ++version_;
  const Part delta{{feed_, version_ - 1, version_, 1, 1}, 0, digests.count()};
  if (absl::Status s = WritePart(digests, delta); !s.ok()) return s;
  Describe(packs_.size() - 1);
  return absl::OkStatus();
}

absl::Status FeedBuilder::WritePart(const Digests& digests, const Part& part) {
  const auto ids = LabelIds();
  if (!ids.ok()) return ids.status();
  const std::string written = directory_ + "/packs/unfinished";
  auto writer = storage::PackWriter::Create(written, part.header);
  if (!writer.ok()) return writer.status();
  if (part.header.part == 1 && !part.header.is_delta()) {
    if (absl::Status s = AddLabels(*ids, writer->get()); !s.ok()) return s;
  }
  reputation::Record record;
  record.verdict = reputation::Verdict::kMalicious;
  record.confidence = 90;
  for (uint64_t i = part.first; i < part.end; ++i) {
    record.label_id = (*ids)[i % kLabels];
    record.last_seen_days = static_cast<uint16_t>(20000 + i % 365);
    if (absl::Status s = (*writer)->Add(LookupKey::ForFile(digests.At(i)), record); !s.ok()) {
      return s;
    }
  }
  const auto summary = (*writer)->Finish();
  if (!summary.ok()) return summary.status();
  const auto sha256 = storage::Sha256OfFile(written);
  if (!sha256.ok()) return sha256.status();

  trust::PackTarget pack;
  pack.sha256 = Hex(*sha256);
  pack.bytes = summary->bytes;
  pack.feed = feed_;
  pack.from_version = part.header.from_version;
  pack.to_version = part.header.to_version;
  pack.part = part.header.part;
  pack.parts = part.header.parts;
  pack.entries = summary->records + summary->labels;
  pack.path = pack.is_delta() ? absl::StrCat("delta-", pack.from_version, "-", version_, ".sst")
                              : absl::StrCat("full-", version_, "-", pack.part, ".sst");
  records_ += summary->records;
  digest_.Add(summary->digest);
  coverage_.Add(summary->coverage);
  packs_.push_back(pack);
  if (rename(written.c_str(), PackPath(pack).c_str()) != 0) {
    return absl::InternalError("cannot rename " + written);
  }
  return absl::OkStatus();
}

void FeedBuilder::Describe(size_t first_pack) {
  for (size_t i = first_pack; i < packs_.size(); ++i) {
    packs_[i].version_records = records_;
    packs_[i].content_digest = digest_.ToString();
    packs_[i].coverage = coverage_;
    packs_[i].minimum_poll_interval = absl::Seconds(1);
  }
}

std::string FeedBuilder::PackPath(const trust::PackTarget& pack) const {
  return absl::StrCat(directory_, "/packs/", pack.sha256, ".", pack.path);
}

std::string FeedBuilder::IncomingPath() const {
  return absl::StrCat(spool_, "/", feed_, "/.incoming-bench");
}

absl::Status FeedBuilder::WriteMetadata(const std::string& entry) const {
  json targets = SignedPart(Role::kTargets, version_);
  targets["targets"] = json::object();
  for (const trust::PackTarget& pack : packs_) {
    targets["targets"][pack.path] = {{"length", pack.bytes},
                                     {"hashes", {{"sha256", pack.sha256}}},
                                     {"custom", trust::PackTargetToCustom(pack)}};
  }
  const auto targets_file = Sign(std::move(targets), Role::kTargets);
  if (!targets_file.ok()) return targets_file.status();

  json snapshot = SignedPart(Role::kSnapshot, version_);
  snapshot["meta"] = {{"targets.json", FileMeta(version_, *targets_file)}};
  const auto snapshot_file = Sign(std::move(snapshot), Role::kSnapshot);
  if (!snapshot_file.ok()) return snapshot_file.status();

  json timestamp = SignedPart(Role::kTimestamp, version_);
  timestamp["meta"] = {{"snapshot.json", FileMeta(version_, *snapshot_file)}};
  timestamp["x-issued"] = MetadataTime(absl::Now());
  const auto timestamp_file = Sign(std::move(timestamp), Role::kTimestamp);
  if (!timestamp_file.ok()) return timestamp_file.status();

  const auto root_file = storage::ReadFile(RootPath(), 1 << 20);
  if (!root_file.ok()) return root_file.status();
  const std::string metadata = entry + "/metadata/";
  const std::pair<std::string, const std::string*> files[] = {
      {"1.root.json", &*root_file},
      {"timestamp.json", &*timestamp_file},
      {absl::StrCat(version_, ".snapshot.json"), &*snapshot_file},
      {absl::StrCat(version_, ".targets.json"), &*targets_file},
  };
  for (const auto& [name, bytes] : files) {
    if (absl::Status s = storage::WriteFileAtomically(metadata + name, *bytes); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status FeedBuilder::PrepareHandOver() {
  const std::string entry = IncomingPath();
  for (const char* folder : {"/metadata", "/targets"}) {
    if (absl::Status s = storage::MakeDirectories(entry + folder); !s.ok()) return s;
  }
  for (const trust::PackTarget& pack : packs_) {
    const std::string to = absl::StrCat(entry, "/targets/", pack.sha256, ".", pack.path);
    if (link(PackPath(pack).c_str(), to.c_str()) != 0) {
      return absl::InternalError("cannot link " + to);
    }
  }
  return WriteMetadata(entry);
}

absl::Status FeedBuilder::HandOver() {
  const std::string to = absl::StrCat(spool_, "/", feed_, "/", trust::SpoolEntryName(version_));
  if (rename(IncomingPath().c_str(), to.c_str()) != 0) {
    return absl::InternalError("cannot rename to " + to);
  }
  return absl::OkStatus();
}

std::vector<std::string> FeedBuilder::PackPaths() const {
  std::vector<std::string> paths;
  for (const trust::PackTarget& pack : packs_) paths.push_back(PackPath(pack));
  return paths;
}

uint64_t FeedBuilder::PackBytes() const {
  uint64_t bytes = 0;
  for (const trust::PackTarget& pack : packs_) bytes += pack.bytes;
  return bytes;
}

}  // namespace cloister::bench
