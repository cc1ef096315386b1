#include "server/updates/known_chains.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "sync/trust/metadata.h"

namespace cloister::server {
namespace {

using trust::PackTarget;

constexpr uint64_t kMaxBytes = 4 << 20;

// "7.json" is 7.
std::optional<uint64_t> VersionInName(absl::string_view name) {
  uint64_t version;
  if (!absl::ConsumeSuffix(&name, ".json") || !absl::SimpleAtoi(name, &version)) {
    return std::nullopt;
  }
  return version;
}

// One pack as the targets metadata lists it; false if a field is missing or of the wrong type.
bool ReadTarget(const nlohmann::json& entry, trust::Targets* targets) {
  if (!entry.is_object() || !entry.contains("custom")) return false;
  const auto path = entry.find("path");
  const auto length = entry.find("length");
  const auto sha256 = entry.find("sha256");
  if (path == entry.end() || !path->is_string()) return false;
  if (length == entry.end() || !length->is_number_unsigned()) return false;
  if (sha256 == entry.end() || !sha256->is_string()) return false;
  trust::TargetFile& file = targets->targets[path->get<std::string>()];
  file.length = length->get<uint64_t>();
  file.hashes["sha256"] = sha256->get<std::string>();
  file.custom = entry["custom"];
  return true;
}

std::string Encode(const std::vector<PackTarget>& chain) {
  nlohmann::json packs = nlohmann::json::array();
  for (PackTarget pack : chain) {
    pack.sources.clear();  // the offer's word is asked for these
    packs.push_back({{"path", pack.path},
                     {"length", pack.bytes},
                     {"sha256", pack.sha256},
                     {"custom", trust::PackTargetToCustom(pack)}});
  }
  return packs.dump(1);
}

// Empty where there is no file, or it is damaged.
std::vector<PackTarget> Load(const std::string& path, absl::string_view feed) {
  const absl::StatusOr<std::string> bytes = storage::ReadFile(path, kMaxBytes);
  if (!bytes.ok()) return {};
  const nlohmann::json packs = nlohmann::json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!packs.is_array()) return {};
  trust::Targets targets;
  for (const nlohmann::json& entry : packs) {
    if (!ReadTarget(entry, &targets)) return {};
  }
  absl::StatusOr<std::vector<PackTarget>> chain = trust::PacksOnOffer(targets, feed);
  return chain.ok() ? *std::move(chain) : std::vector<PackTarget>();
}

bool SamePacks(std::vector<PackTarget> a, std::vector<PackTarget> b) {
  const auto by_hash = [](const PackTarget& x, const PackTarget& y) { return x.sha256 < y.sha256; };
  std::sort(a.begin(), a.end(), by_hash);
  std::sort(b.begin(), b.end(), by_hash);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PackTarget& x, const PackTarget& y) { return x.sha256 == y.sha256; });
}

bool HasPacks(const std::vector<PackTarget>& chain, const std::vector<std::string>& packs) {
  std::set<std::string> wanted(packs.begin(), packs.end());
  return chain.size() == wanted.size() &&
         std::all_of(chain.begin(), chain.end(),
                     [&wanted](const PackTarget& pack) { return wanted.count(pack.sha256) != 0; });
}

// What the pack in the file `path` is, as a part of the snapshot `kept`; nothing if it is not one.
std::optional<PackTarget> PartOf(const storage::ServedFeed& kept, const std::string& sha256,
                                 const std::string& path) {
  const absl::StatusOr<std::unique_ptr<storage::PackReader>> reader =
      storage::PackReader::Open(path, storage::PackLimits());
  struct stat info;
  if (!reader.ok() || stat(path.c_str(), &info) != 0) return std::nullopt;
  const storage::PackHeader& header = (*reader)->header();
  if (header.is_delta() || header.feed != kept.feed || header.to_version != kept.version) {
    return std::nullopt;
  }
  PackTarget pack;
  pack.path = absl::StrCat("folded-", kept.version, "-", header.part, ".sst");
  pack.sha256 = sha256;
  pack.bytes = static_cast<uint64_t>(info.st_size);
  pack.feed = kept.feed;
  pack.to_version = kept.version;
  pack.part = header.part;
  pack.parts = header.parts;
  pack.version_records = kept.records;
  pack.content_digest = kept.digest.ToString();
  pack.coverage = kept.coverage;
  pack.prefix_lengths = kept.prefix_lengths;
  return pack;
}

}  // namespace

KnownChains::KnownChains(std::string directory, std::string feed)
    : directory_(std::move(directory)), feed_(std::move(feed)) {
  const absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory_);
  if (!names.ok()) return;
  absl::MutexLock lock(&mutex_);
  for (const std::string& name : *names) {
    const std::optional<uint64_t> version = VersionInName(name);
    if (!version) continue;
    std::vector<PackTarget> chain = Load(absl::StrCat(directory_, "/", name), feed_);
    if (!chain.empty()) chains_[*version] = Known{.chain = std::move(chain), .saved = true};
  }
}

std::string KnownChains::PathOf(uint64_t version) const {
  return absl::StrCat(directory_, "/", version, ".json");
}

absl::Status KnownChains::Save(uint64_t version, Known* known) {
  if (absl::Status s = storage::MakeDirectories(directory_); !s.ok()) return s;
  absl::Status written = storage::WriteFileAtomically(PathOf(version), Encode(known->chain));
  known->saved = written.ok();
  return written;
}

absl::Status KnownChains::Remember(uint64_t version, const std::vector<PackTarget>& chain) {
  absl::MutexLock lock(&mutex_);
  Known& known = chains_[version];
  known.chain = chain;
  return Save(version, &known);
}

absl::Status KnownChains::RememberFolded(uint64_t version,
                                         const std::vector<storage::VersionPack>& packs) {
  absl::MutexLock lock(&mutex_);
  auto known = chains_.find(version);
  const PackTarget* last = nullptr;
  if (known != chains_.end()) {
    for (const PackTarget& pack : known->second.chain) {
      if (pack.to_version == version) last = &pack;
    }
  }
  if (last == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", feed_, ": nothing is known of the packs of version ", version));
  }
  std::vector<PackTarget> chain;
  for (const storage::VersionPack& pack : packs) {
    PackTarget folded = *last;  // it leads to the same version
    folded.part = static_cast<uint32_t>(chain.size() + 1);
    folded.parts = static_cast<uint32_t>(packs.size());
    folded.path = absl::StrCat("folded-", version, "-", folded.part, ".sst");
    folded.sha256 = pack.sha256;
    folded.bytes = pack.bytes;
    folded.from_version = 0;
    folded.base_digest.clear();
    folded.entries = 0;  // not counted apart
    chain.push_back(std::move(folded));
  }
  known->second.chain = std::move(chain);
  return Save(version, &known->second);
}

void KnownChains::Recover(const storage::ServedFeed& kept, const storage::ReputationStore& store) {
  {
    absl::MutexLock lock(&mutex_);
    auto known = chains_.find(kept.version);
    if (known != chains_.end() && HasPacks(known->second.chain, kept.packs)) return;
  }
  std::vector<PackTarget> chain;
  for (const std::string& sha256 : kept.packs) {
    std::optional<PackTarget> part = PartOf(kept, sha256, store.PackPath(sha256));
    if (!part) return;
    chain.push_back(*std::move(part));
  }
  if (!chain.empty()) Remember(kept.version, chain).IgnoreError();
}

void KnownChains::KeepOnly(const std::set<uint64_t>& versions) {
  absl::MutexLock lock(&mutex_);
  for (auto known = chains_.begin(); known != chains_.end();) {
    if (versions.count(known->first) != 0) {
      ++known;
      continue;
    }
    unlink(PathOf(known->first).c_str());
    known = chains_.erase(known);
  }
}

bool KnownChains::Knows(uint64_t version, const std::vector<PackTarget>& chain) const {
  absl::MutexLock lock(&mutex_);
  auto known = chains_.find(version);
  return known != chains_.end() && known->second.saved && SamePacks(known->second.chain, chain);
}

std::vector<PackTarget> KnownChains::Held(const storage::ReputationStore& store) const {
  std::vector<PackTarget> held;
  std::set<std::string> seen;
  absl::MutexLock lock(&mutex_);
  for (const auto& [version, known] : chains_) {
    const bool whole_snapshot = std::all_of(
        known.chain.begin(), known.chain.end(),
        [&store](const PackTarget& pack) { return pack.is_delta() || store.HasPack(pack.sha256); });
    for (const PackTarget& pack : known.chain) {
      if (!pack.is_delta() && !whole_snapshot) continue;
      if (store.HasPack(pack.sha256) && seen.insert(pack.sha256).second) held.push_back(pack);
    }
  }
  return held;
}

}  // namespace cloister::server
