#include "tests/unit/sync/publisher_fixture.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/digest.h"
#include "storage/files/files.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "sync/publisher/repository/held_versions.h"
#include "sync/transport/folder/folder_fetcher.h"
#include "sync/trust/updater.h"

namespace cloister::publisher {
namespace {

constexpr uint64_t kMaxFileBytes = 256 << 20;

}  // namespace

CreateKeysOptions PlainKeys(uint32_t root_keys) {
  CreateKeysOptions options;
  options.root_keys = root_keys;
  options.unencrypted = {options.roles.begin(), options.roles.end()};
  return options;
}

PublishedFeed::PublishedFeed(const std::string& feed, const Retention& retention) {
  const std::string keys = directory_ / "keys";
  InitOptions init;
  init.settings.feed = feed;
  init.settings.retention = retention;
  init.now = kStart;
  if (!CreateKeys(keys, PlainKeys()).ok()) abort();
  for (trust::Role role : {trust::Role::kRoot, trust::Role::kTargets, trust::Role::kSnapshot,
                           trust::Role::kTimestamp}) {
    init.keys[role] = LoadKeys(keys, role).value();
  }
  signers = {init.keys[trust::Role::kTargets], init.keys[trust::Role::kSnapshot],
             init.keys[trust::Role::kTimestamp]};
  root_keys = init.keys[trust::Role::kRoot];
  options.now = kStart;
  if (!Repository::Init(path(), init).ok()) abort();
  client_.root = storage::ReadFile(path() + "/metadata/1.root.json", kMaxFileBytes).value();
}

absl::StatusOr<std::unique_ptr<SortedEntries>> PublishedFeed::Sort(
    const std::vector<FeedEntry>& entries, size_t memory_bytes) {
  EntrySorter sorter({.directory = directory_.path(), .memory_bytes = memory_bytes});
  const uint16_t source = sorter.AddSource("test", 1);
  for (const FeedEntry& entry : entries) {
    absl::Status added = sorter.Add(entry, source);
    if (!added.ok()) return added;
  }
  return sorter.Finish();
}

absl::StatusOr<PublishResult> PublishedFeed::Publish(const std::vector<FeedEntry>& entries) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(path());
  if (!repository.ok()) return repository.status();
  absl::StatusOr<std::unique_ptr<SortedEntries>> sorted = Sort(entries);
  if (!sorted.ok()) return sorted.status();
  options.now += absl::Minutes(1);
  return publisher::Publish(**repository, signers, **sorted, options);
}

absl::StatusOr<std::vector<trust::PackTarget>> PublishedFeed::Offered() {
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater =
      trust::Updater::Create(client_, trust::Limits());
  if (!updater.ok()) return updater.status();
  const auto fetcher = transport::FolderFetcher::Open(path());
  if (!fetcher.ok()) return fetcher.status();
  absl::Status refreshed = (*updater)->Refresh(**fetcher, {.now = options.now});
  if (!refreshed.ok()) return refreshed;
  client_ = (*updater)->state();
  return trust::PacksOnOffer(*(*updater)->targets(), "threats");
}

std::vector<std::string> PublishedFeed::OfferedNames() {
  std::vector<std::string> names;
  const absl::StatusOr<std::vector<trust::PackTarget>> offered = Offered();
  if (!offered.ok()) return {offered.status().ToString()};
  for (const trust::PackTarget& pack : *offered) names.push_back(pack.path);
  return names;
}

absl::StatusOr<std::string> PublishedFeed::FetchPack(const trust::PackTarget& pack) {
  const auto fetcher = transport::FolderFetcher::Open(path());
  if (!fetcher.ok()) return fetcher.status();
  trust::TargetFile target;
  target.length = pack.bytes;
  target.hashes["sha256"] = pack.sha256;
  std::string bytes;
  absl::Status fetched =
      trust::FetchTarget(**fetcher, pack.path, target, [&bytes](absl::string_view piece) {
        absl::StrAppend(&bytes, piece);
        return absl::OkStatus();
      });
  if (!fetched.ok()) return fetched;
  const std::string copy = directory_ / pack.path;
  absl::Status written = storage::WriteFileAtomically(copy, bytes);
  if (!written.ok()) return written;
  return copy;
}

absl::StatusOr<std::map<std::string, std::string>> PublishedFeed::Fetch() {
  absl::StatusOr<std::vector<trust::PackTarget>> offered = Offered();
  if (!offered.ok()) return offered.status();
  absl::StatusOr<std::vector<trust::PackTarget>> chain =
      trust::CheapestChain(*offered, {}, kMaxChainDeltas);
  if (!chain.ok()) return chain.status();

  std::vector<std::unique_ptr<storage::PackReader>> owned;
  std::vector<const storage::PackReader*> readers;
  for (const trust::PackTarget& pack : *chain) {
    absl::StatusOr<std::string> file = FetchPack(pack);
    if (!file.ok()) return file.status();
    auto reader = storage::PackReader::Open(*file, storage::PackLimits());
    if (!reader.ok()) return reader.status();
    absl::StatusOr<storage::PackSummary> summary = (*reader)->Validate();
    if (!summary.ok()) return summary.status();
    if (summary->records + summary->labels != pack.entries) {
      return absl::DataLossError(absl::StrCat(pack.path, " does not hold the entries announced"));
    }
    readers.push_back(reader->get());
    owned.push_back(*std::move(reader));
  }
  storage::ContentDigest digest;
  std::map<std::string, std::string> entries;
  auto cursor = storage::NewVersionCursor(readers);
  for (; cursor->Valid(); cursor->Next()) {
    digest.Add(cursor->key(), cursor->value());
    entries[std::string(cursor->key())] = std::string(cursor->value());
  }
  if (!cursor->status().ok()) return cursor->status();
  if (digest.ToString() != chain->back().content_digest) {
    return absl::DataLossError("the content digest differs from the signed one");
  }
  return entries;
}

std::vector<std::string> PublishedFeed::PackFiles() const {
  std::vector<std::string> names;
  const std::vector<std::string> files = storage::ListDirectory(path() + "/targets").value();
  for (const std::string& name : files) {
    names.push_back(name.substr(std::min<size_t>(name.find('.'), name.size() - 1) + 1));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cloister::publisher
