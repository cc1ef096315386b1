#include "tests/support/spooled_feed.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_writer.h"
#include "sync/trust/hash.h"
#include "sync/trust_state/spool.h"

namespace cloister::testing {
namespace {

using reputation::LookupKey;

void Must(const absl::Status& status, absl::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "spooled feed: %s: %s\n", std::string(what).c_str(),
               status.ToString().c_str());
  std::abort();
}

template <typename T>
T Must(absl::StatusOr<T> result, absl::string_view what) {
  Must(result.status(), what);
  return *std::move(result);
}

bool IsRecord(absl::string_view key) { return !storage::LabelIdFromKey(key); }

}  // namespace

Listing ListingOf(reputation::ObjectKind kind, const std::string& text, reputation::Verdict verdict,
                  const std::string& threat_name, reputation::Scope scope) {
  reputation::Record record;
  record.verdict = verdict;
  record.confidence = 90;
  record.scope = scope;
  reputation::Label label;
  label.threat_name = threat_name;
  if (!threat_name.empty()) label.categories = {reputation::Category::kMalware};
  if (kind == reputation::ObjectKind::kIp && absl::StrContains(text, "/")) {
    record.scope = reputation::Scope::kSubtree;
    return {LookupKey::ForIpPrefix(Must(reputation::IpPrefix::Parse(text), text)), record, label};
  }
  const reputation::Object object = Must(reputation::Object::Parse(kind, text), text);
  return {object.Keys(false).keys.front(), record, label};
}

SpooledFeed::SpooledFeed(std::string spool_directory, std::string work_directory, std::string feed,
                         absl::Time now)
    : spool_directory_(std::move(spool_directory)),
      work_directory_(std::move(work_directory)),
      feed_(std::move(feed)),
      upstream_(now) {
  upstream_.timestamp["x-issued"] =
      absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", now, absl::UTCTimeZone());
  Must(storage::WriteFileAtomically(RootPath(), upstream_.PublishedRoot(1)), "root");
}

void SpooledFeed::Enter(const std::vector<Listing>& listings, Entries* entries) const {
  std::set<reputation::Label> labels;
  for (const Listing& listing : listings) {
    if (!listing.label.empty()) labels.insert(listing.label);
  }
  const auto ids = Must(storage::AssignLabelIds(labels), "labels");
  for (const auto& [label, id] : ids) {
    (*entries)[storage::LabelKey(id)] = Must(storage::EncodeLabel(label), "label");
  }
  for (const Listing& listing : listings) {
    reputation::Record record = listing.record;
    if (!listing.label.empty()) record.label_id = ids.at(listing.label);
    std::string value;
    Must(reputation::EncodeRecord(record, &value), "record");
    (*entries)[std::string(listing.key.bytes())] = value;
  }
}

void SpooledFeed::PublishSnapshot(const std::vector<Listing>& listings) {
  entries_.clear();
  chain_.clear();
  upstream_.targets["targets"] = nlohmann::json::object();
  Enter(listings, &entries_);
  Publish(entries_, 0);
}

void SpooledFeed::PublishDelta(const std::vector<Listing>& added,
                               const std::vector<LookupKey>& removed) {
  Entries changes;
  Enter(added, &changes);
  for (auto change = changes.begin(); change != changes.end();) {
    const auto known = entries_.find(change->first);
    const bool equal = known != entries_.end() && known->second == change->second;
    entries_[change->first] = change->second;
    change = equal ? changes.erase(change) : std::next(change);
  }
  for (const LookupKey& key : removed) {
    changes[std::string(key.bytes())] = "";
    entries_.erase(std::string(key.bytes()));
  }
  Publish(changes, version_);
}

void SpooledFeed::Publish(const Entries& changes, uint64_t from_version) {
  ++version_;
  others_.clear();
  chain_.push_back(WritePack(changes, from_version));
  upstream_.UpdateTargets();
}

void SpooledFeed::OfferSnapshotToo() {
  others_.push_back(WritePack(entries_, 0));
  upstream_.UpdateTargets();
}

void SpooledFeed::OfferNewestPackOnly() {
  nlohmann::json& targets = upstream_.targets["targets"];
  const nlohmann::json newest = targets[chain_.back().path];
  targets = {{chain_.back().path, newest}};
  upstream_.UpdateTargets();
}

trust::PackTarget SpooledFeed::WritePack(const Entries& changes, uint64_t from_version) {
  const storage::PackHeader header{
      .feed = feed_, .from_version = from_version, .to_version = version_, .part = 1, .parts = 1};
  const std::string path = absl::StrCat(work_directory_, "/", feed_, "-", version_, ".sst");
  std::unique_ptr<storage::PackWriter> writer =
      Must(storage::PackWriter::Create(path, header), "pack");
  for (const auto& [key, value] : changes) {
    Must(value.empty() ? writer->RemoveEntry(key) : writer->AddEntry(key, value), "entry");
  }
  const storage::PackSummary summary = Must(writer->Finish(), "pack");
  coverage_.Add(summary.coverage);
  prefix_lengths_.Add(summary.prefix_lengths);

  trust::PackTarget pack;
  storage::ContentDigest digest;
  for (const auto& [key, value] : entries_) {
    digest.Add(key, value);
    if (IsRecord(key)) ++pack.version_records;
  }
  const std::string content = Must(storage::ReadFile(path, 1 << 30), path);
  pack.path = from_version == 0 ? absl::StrCat("full-", version_, "-1.sst")
                                : absl::StrCat("delta-", from_version, "-", version_, ".sst");
  pack.sha256 = trust::HashHex("sha256", content);
  pack.bytes = content.size();
  pack.feed = feed_;
  pack.from_version = from_version;
  pack.to_version = version_;
  pack.entries = changes.size();
  pack.content_digest = digest.ToString();
  pack.coverage = coverage_;
  pack.prefix_lengths = prefix_lengths_;
  pack.sources = sources_;
  pack.minimum_poll_interval = absl::Seconds(1);
  upstream_.AddTarget(pack.path, content, trust::PackTargetToCustom(pack));
  return pack;
}

void SpooledFeed::PublishTimestamp(absl::Time now) {
  upstream_.timestamp["x-issued"] =
      absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", now, absl::UTCTimeZone());
  upstream_.UpdateTimestamp();
}

uint64_t SpooledFeed::timestamp_version() const {
  return upstream_.timestamp["version"].get<uint64_t>();
}

std::string SpooledFeed::TargetName(const trust::PackTarget& pack) {
  return absl::StrCat(pack.sha256, ".", pack.path);
}

void SpooledFeed::WriteMetadata(const std::string& entry) {
  std::vector<std::string> names = {
      "timestamp.json",
      absl::StrCat(upstream_.snapshot["version"].get<uint64_t>(), ".snapshot.json"),
      absl::StrCat(upstream_.targets["version"].get<uint64_t>(), ".targets.json")};
  for (uint64_t root = 1; root <= upstream_.root["version"].get<uint64_t>(); ++root) {
    names.push_back(absl::StrCat(root, ".root.json"));
  }
  for (const std::string& name : names) {
    absl::StatusOr<std::string> bytes = upstream_.Metadata(name, 64 << 20);
    if (!bytes.ok()) continue;  // one that the test takes away
    Must(storage::WriteFileAtomically(entry + "/metadata/" + name, *bytes), name);
  }
}

std::string SpooledFeed::HandOver() { return HandOver(timestamp_version()); }

std::string SpooledFeed::HandOver(uint64_t entry_version) {
  const std::string folder = absl::StrCat(spool_directory_, "/", feed_);
  const std::string incoming = folder + "/.incoming-test";
  Must(storage::MakeDirectories(incoming + "/metadata"), incoming);
  Must(storage::MakeDirectories(incoming + "/targets"), incoming);
  WriteMetadata(incoming);
  std::vector<trust::PackTarget> packs = chain_;
  packs.insert(packs.end(), others_.begin(), others_.end());
  for (const trust::PackTarget& pack : packs) {
    const auto file = upstream_.target_files.find(TargetName(pack));
    if (file == upstream_.target_files.end() || upstream_.missing.count(file->first)) continue;
    Must(storage::WriteFileAtomically(incoming + "/targets/" + file->first, file->second),
         file->first);
  }
  const std::string entry = absl::StrCat(folder, "/", trust::SpoolEntryName(entry_version));
  std::filesystem::remove_all(entry);
  std::filesystem::rename(incoming, entry);
  return entry;
}

}  // namespace cloister::testing
