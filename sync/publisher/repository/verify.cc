#include "sync/publisher/repository/verify.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "storage/pack/version_lookup.h"
#include "sync/publisher/repository/metadata_fetcher.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"

namespace cloister::publisher {
namespace {

using storage::ContentDigest;
using storage::PackReader;
using trust::PackTarget;

// The packs that make up a version, in order, and its digest.
struct Version {
  std::vector<const PackReader*> chain;
  ContentDigest digest;
};

// One run of Verify over the packs.
class PackVerification {
 public:
  PackVerification(const Repository& repository, const VerifyOptions& options, VerifyReport* report)
      : repository_(repository), options_(options), report_(*report) {}

  void Run(std::vector<PackTarget> packs) {
    // Snapshots first, then deltas so that each comes after what it can start from.
    std::sort(packs.begin(), packs.end(), [](const PackTarget& a, const PackTarget& b) {
      return std::tuple(a.is_delta(), a.to_version, a.from_version, a.part) <
             std::tuple(b.is_delta(), b.to_version, b.from_version, b.part);
    });
    for (const PackTarget& pack : packs) Read(pack);
    ProveSnapshots(packs);
    for (const PackTarget& pack : packs) {
      if (pack.is_delta()) ProveDelta(pack);
    }
    // After all versions are known that can be.
    for (const PackTarget& pack : packs) {
      if (pack.is_delta() && versions_.count(pack.from_version) == 0) CompareDelta(pack);
    }
    for (const PackTarget& pack : packs) {
      report_.packs.push_back({pack.path, pack.bytes, pack.entries, contents_[pack.path]});
    }
  }

 private:
  void Wrong(const PackTarget& pack, absl::string_view what) {
    report_.problems.push_back(
        {absl::StrCat("targets/", pack.sha256, ".", pack.path), std::string(what)});
  }

  // Length, hash, header, and every entry.
  void Read(const PackTarget& pack) {
    if (absl::Status read = TryRead(pack); !read.ok()) {
      readers_.erase(pack.path);
      Wrong(pack, read.message());
    }
  }

  absl::Status TryRead(const PackTarget& pack) {
    const std::string path = repository_.PackPath(pack);
    std::error_code error;
    const uint64_t bytes = std::filesystem::file_size(path, error);
    if (error) return absl::NotFoundError(error.message());
    if (bytes != pack.bytes) {
      return absl::DataLossError(
          absl::StrCat("it has ", bytes, " bytes where ", pack.bytes, " are signed"));
    }
    if (absl::Status good = repository_.CheckPack(pack); !good.ok()) return good;
    absl::StatusOr<std::unique_ptr<PackReader>> reader =
        PackReader::Open(path, storage::PackLimits());
    if (!reader.ok()) return reader.status();
    const storage::PackHeader wanted{pack.feed, pack.from_version, pack.to_version, pack.part,
                                     pack.parts};
    if (!((*reader)->header() == wanted)) {
      return absl::DataLossError("its header names another pack than the metadata");
    }
    absl::StatusOr<storage::PackSummary> summary = (*reader)->Validate([&](uint64_t entries) {
      if (options_.progress) options_.progress(pack.path, entries);
    });
    if (!summary.ok()) return summary.status();
    if (summary->records + summary->labels != pack.entries) {
      return absl::DataLossError(absl::StrCat("it holds ", summary->records + summary->labels,
                                              " entries where ", pack.entries, " are signed"));
    }
    summaries_[pack.path] = *summary;
    readers_[pack.path] = *std::move(reader);
    return absl::OkStatus();
  }

  void ProveSnapshots(const std::vector<PackTarget>& packs) {
    std::map<uint64_t, std::vector<const PackTarget*>> snapshots;
    for (const PackTarget& pack : packs) {
      if (!pack.is_delta()) snapshots[pack.to_version].push_back(&pack);
    }
    for (const auto& [version, parts] : snapshots) {
      Version built;
      for (const PackTarget* part : parts) {
        if (readers_.count(part->path) == 0) break;
        built.chain.push_back(readers_.at(part->path).get());
        built.digest.Add(summaries_.at(part->path).digest);
      }
      if (built.chain.size() != parts.size()) continue;  // told already
      if (!Prove(*parts.front(), std::move(built))) continue;
      for (const PackTarget* part : parts) contents_[part->path] = VerifyReport::Contents::kProved;
    }
  }

  // Whether `built` is the version that `pack` leads to; if so, others can start from it.
  bool Prove(const PackTarget& pack, Version built) {
    if (built.digest.ToString() != pack.content_digest) {
      Wrong(pack, absl::StrCat("version ", pack.to_version, " has the content digest ",
                               built.digest.ToString(), ", signed is ", pack.content_digest));
      return false;
    }
    versions_.emplace(pack.to_version, std::move(built));
    return true;
  }

  void ProveDelta(const PackTarget& pack) {
    const auto base = versions_.find(pack.from_version);
    const auto reader = readers_.find(pack.path);
    if (base == versions_.end() || reader == readers_.end()) return;
    if (!pack.base_digest.empty() && base->second.digest.ToString() != pack.base_digest) {
      Wrong(pack, absl::StrCat("its base, version ", pack.from_version, ", has the digest ",
                               base->second.digest.ToString(), ", signed is ", pack.base_digest));
      return;
    }
    absl::StatusOr<Version> built = LayOver(base->second, *reader->second, pack.path);
    if (!built.ok()) return Wrong(pack, built.status().message());
    if (Prove(pack, *std::move(built))) contents_[pack.path] = VerifyReport::Contents::kProved;
  }

  absl::StatusOr<Version> LayOver(const Version& base, const PackReader& delta,
                                  absl::string_view path) {
    Version built = base;
    storage::VersionLookup before(base.chain);
    std::unique_ptr<storage::EntryCursor> cursor = delta.NewCursor(/*checksums=*/true);
    for (uint64_t done = 1; cursor->Valid(); cursor->Next(), ++done) {
      absl::StatusOr<std::optional<std::string>> old = before.Find(cursor->key());
      if (!old.ok()) return old.status();
      if (old->has_value()) built.digest.Remove(cursor->key(), **old);
      if (!storage::IsRemoval(cursor->key(), cursor->value())) {
        built.digest.Add(cursor->key(), cursor->value());
      }
      if (options_.progress && done % 4096 == 0) options_.progress(path, done);
    }
    if (!cursor->status().ok()) return cursor->status();
    built.chain.push_back(&delta);
    return built;
  }

  // A delta whose base is gone: what it sets has to be so in the version that it leads to.
  void CompareDelta(const PackTarget& pack) {
    const auto result = versions_.find(pack.to_version);
    const auto reader = readers_.find(pack.path);
    if (result == versions_.end() || reader == readers_.end()) return;
    storage::VersionLookup after(result->second.chain);
    std::unique_ptr<storage::EntryCursor> cursor = reader->second->NewCursor(/*checksums=*/true);
    for (; cursor->Valid(); cursor->Next()) {
      absl::StatusOr<std::optional<std::string>> now = after.Find(cursor->key());
      if (!now.ok()) return Wrong(pack, now.status().message());
      const bool removal = storage::IsRemoval(cursor->key(), cursor->value());
      if (removal ? !now->has_value() : now->has_value() && **now == cursor->value()) continue;
      return Wrong(pack, absl::StrCat("an entry of it is another one in version ", pack.to_version,
                                      ", to which it leads"));
    }
    if (!cursor->status().ok()) return Wrong(pack, cursor->status().message());
    contents_[pack.path] = VerifyReport::Contents::kAgrees;
  }

  const Repository& repository_;
  const VerifyOptions& options_;
  VerifyReport& report_;
  std::map<std::string, std::unique_ptr<PackReader>> readers_;  // by path; sound packs only
  std::map<std::string, storage::PackSummary> summaries_;
  std::map<std::string, VerifyReport::Contents> contents_;
  std::map<uint64_t, Version> versions_;
};

void ReportExpiry(const std::string& place, const trust::Common& common, absl::Time now,
                  VerifyReport* report) {
  if (now < common.expires) return;
  report->problems.push_back({place, absl::StrCat("it expired at ", MetadataTime(common.expires),
                                                  ": clients refuse it until it is signed again")});
}

}  // namespace

absl::StatusOr<VerifyReport> Verify(const Repository& repository, const VerifyOptions& options) {
  VerifyReport report;
  report.feed = repository.settings().feed;
  const trust::Limits limits;
  const std::string first = options.first_root.empty()
                                ? repository.metadata_directory() + "/1.root.json"
                                : options.first_root;
  trust::TrustedState state;
  absl::StatusOr<std::string> root = storage::ReadFile(first, limits.max_root_bytes);
  if (!root.ok()) return root.status();
  state.root = *std::move(root);
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater = trust::Updater::Create(state, limits);
  if (!updater.ok()) {
    report.problems.push_back({first, std::string(updater.status().message())});
    return report;
  }
  report.first_root_version = (*updater)->root().version;
  MetadataFetcher fetcher(repository.metadata_directory());
  absl::Status refreshed = (*updater)->Refresh(
      fetcher, {.now = options.now, .accept_expired_within = absl::InfiniteDuration()});
  report.root_version = (*updater)->root().version;
  std::error_code ignored;
  if (reputation::ReasonOf(refreshed) == reputation::RejectReason::kMetadataMissing &&
      !std::filesystem::exists(repository.metadata_directory() + "/timestamp.json", ignored)) {
    return report;  // nothing is published yet
  }
  ReportExpiry("metadata/root", (*updater)->root(), options.now, &report);
  if (!refreshed.ok()) {
    report.problems.push_back({"metadata", std::string(refreshed.message())});
    return report;
  }
  ReportExpiry("metadata/timestamp.json", *(*updater)->timestamp(), options.now, &report);
  ReportExpiry("metadata/snapshot", *(*updater)->snapshot(), options.now, &report);
  ReportExpiry("metadata/targets", *(*updater)->targets(), options.now, &report);
  absl::StatusOr<std::vector<PackTarget>> packs =
      trust::PacksOnOffer(*(*updater)->targets(), report.feed);
  if (!packs.ok()) {
    report.problems.push_back({"metadata/targets", std::string(packs.status().message())});
    return report;
  }
  report.version = trust::NewestVersion(*packs);
  PackVerification(repository, options, &report).Run(*std::move(packs));
  return report;
}

}  // namespace cloister::publisher
