#include "sync/bundle/feed_contents.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/digest.h"
#include "reputation/reject_reason.h"
#include "sync/transport/folder/folder_fetcher.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;
using Packs = std::vector<PackTarget>;

std::string Sha256Hex(absl::string_view bytes) {
  const reputation::Sha256Bytes hash = reputation::Sha256(bytes);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

// The signed files in the order in which a receiver reads them: roots by number, then the rest.
std::vector<std::pair<std::string, std::string>> SignedFiles(
    const trust::Updater& updater, const std::map<uint64_t, std::string>& roots,
    trust::Fetcher& fetcher) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [version, bytes] : roots) {
    files.emplace_back(absl::StrCat(version, ".root.json"), bytes);
  }
  const trust::TrustedState& state = updater.state();
  files.emplace_back("timestamp.json", state.timestamp);
  files.emplace_back(absl::StrCat(updater.snapshot()->version, ".snapshot.json"), state.snapshot);
  files.emplace_back(absl::StrCat(updater.targets()->version, ".targets.json"), state.targets);
  // Delegated files are handed on as they are; who asks for one verifies it.
  for (const auto& [name, meta] : updater.snapshot()->meta) {
    if (name == "targets.json") continue;
    const std::string file = absl::StrCat(meta.version, ".", name);
    auto bytes = fetcher.Metadata(file, trust::Limits().max_targets_bytes);
    if (bytes.ok()) files.emplace_back(file, *std::move(bytes));
  }
  return files;
}

trust::TrustedState Trusting(const std::string& root) {
  trust::TrustedState state;
  state.root = root;
  return state;
}

absl::StatusOr<Packs> Choose(const AuthenticFeed& feed, trust::Fetcher& fetcher,
                             const SelectOptions& options) {
  const uint64_t since = options.since_version;
  const uint64_t newest = feed.version();
  if (since >= newest && since > 0) {
    return absl::AlreadyExistsError(absl::StrCat(feed.feed, " is at version ", newest,
                                                 ", which a receiver with version ", since,
                                                 " has already"));
  }
  Packs there;
  for (const PackTarget& pack : feed.listed) {
    const bool usable = since == 0 || (pack.is_delta() && pack.from_version >= since);
    if (usable && fetcher.Offers(feed.FileName(pack))) there.push_back(pack);
  }
  Packs held;
  if (since > 0) held.push_back(BaseAt(feed.listed, since));
  auto chain = trust::CheapestChain(there, held, options.max_deltas);
  if (!chain.ok() || chain->back().to_version != newest) {
    return Rejected(
        RejectReason::kVersionGap,
        absl::StrCat("no packs here lead ", feed.feed, " from ",
                     since == 0 ? "nothing" : absl::StrCat("version ", since), " to version ",
                     newest, since == 0 ? "" : "; make a bundle from nothing, without --since"));
  }
  if (since > 0) chain->erase(chain->begin());
  return *std::move(chain);
}

// From the lowest root on, so that receivers which missed years can follow; if a root was given,
// from that, and the chain below it only if it leads to the same.
absl::StatusOr<AuthenticFeed> Verify(const FeedSource& source, const SelectOptions& options,
                                     trust::Fetcher& fetcher,
                                     std::map<uint64_t, std::string>* roots) {
  absl::StatusOr<std::string> lowest = LowestRoot(source.path);
  if (!lowest.ok() && options.root.empty()) return lowest.status();
  const trust::RefreshOptions refresh{.now = options.now,
                                      .accept_expired_within = absl::InfiniteDuration()};
  const std::string& trusted = options.root.empty() ? *lowest : options.root;
  auto feed = VerifyFeed(fetcher, Trusting(trusted), source.feed, refresh);
  if (!feed.ok()) return feed.status();
  const auto chain_from = [&](const trust::Updater& updater, const std::string& first) {
    *roots = updater.new_roots();
    const uint64_t next = roots->empty() ? updater.root().version + 1 : roots->begin()->first;
    roots->emplace(next - 1, first);
  };
  chain_from(*feed->updater, trusted);
  if (lowest.ok() && *lowest != trusted) {
    auto from_lowest = VerifyFeed(fetcher, Trusting(*lowest), source.feed, refresh);
    if (from_lowest.ok() && from_lowest->updater->state().root == feed->updater->state().root) {
      chain_from(*from_lowest->updater, *lowest);
    }
  }
  return feed;
}

}  // namespace

PackTarget BaseAt(const Packs& listed, uint64_t version) {
  PackTarget base;
  base.path = "base";
  base.sha256 = "base";
  base.to_version = version;
  for (const PackTarget& pack : listed) {
    if (pack.to_version == version) base.content_digest = pack.content_digest;
    const bool names_it = pack.from_version == version && !pack.base_digest.empty();
    if (names_it) base.content_digest = pack.base_digest;
  }
  return base;
}

absl::StatusOr<std::string> FeedOf(const std::string& path, absl::Time now) {
  auto fetcher = transport::FolderFetcher::Open(path);
  if (!fetcher.ok()) return fetcher.status();
  absl::StatusOr<std::string> lowest = LowestRoot(path);
  if (!lowest.ok()) return lowest.status();
  auto feed = VerifyFeed(**fetcher, Trusting(*lowest), "",
                         {.now = now, .accept_expired_within = absl::InfiniteDuration()});
  if (!feed.ok()) return feed.status();
  return feed->feed;
}

absl::StatusOr<FeedContents> SelectContents(const FeedSource& source,
                                            const SelectOptions& options) {
  auto fetcher = transport::FolderFetcher::Open(source.path);
  if (!fetcher.ok()) return fetcher.status();
  FeedContents contents;
  contents.fetcher = *std::move(fetcher);
  std::map<uint64_t, std::string> roots;
  auto authentic = Verify(source, options, *contents.fetcher, &roots);
  if (!authentic.ok()) return authentic.status();
  contents.authentic = *std::move(authentic);
  const AuthenticFeed& feed = contents.authentic;
  auto packs = Choose(feed, *contents.fetcher, options);
  if (!packs.ok()) return packs.status();

  BundleFeed& description = contents.description;
  description.feed = feed.feed;
  description.from_version = options.since_version;
  description.to_version = feed.version();
  description.timestamp_version = feed.updater->timestamp()->version;
  description.issued = feed.updater->timestamp()->issued;
  description.expires = feed.expires();
  for (auto& [file, bytes] : SignedFiles(*feed.updater, roots, *contents.fetcher)) {
    const std::string path = absl::StrCat(feed.feed, "/metadata/", file);
    description.members.push_back({path, bytes.size(), Sha256Hex(bytes)});
    contents.metadata[path] = std::move(bytes);
  }
  for (const PackTarget& pack : *packs) {
    const std::string path = absl::StrCat(feed.feed, "/targets/", feed.FileName(pack));
    description.members.push_back({path, pack.bytes, pack.sha256});
    contents.packs[path] = pack;
  }
  return contents;
}

absl::Status ReadMember(const FeedContents& contents, const std::string& path,
                        const trust::ByteSink& sink) {
  const auto metadata = contents.metadata.find(path);
  if (metadata != contents.metadata.end()) return sink(metadata->second);
  const PackTarget& pack = contents.packs.at(path);
  const trust::Targets& targets = *contents.authentic.updater->targets();
  return trust::FetchTarget(*contents.fetcher, pack.path, targets.targets.at(pack.path), sink);
}

}  // namespace cloister::bundle
