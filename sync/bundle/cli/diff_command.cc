// cloister-bundle diff

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/pack/pack_reader.h"
#include "sync/bundle/cli/commands.h"
#include "sync/bundle/cli/text.h"
#include "sync/bundle/cli/unpacked_bundle.h"
#include "sync/bundle/cli/verdict_changes.h"
#include "sync/bundle/feed_source.h"
#include "sync/transport/folder/folder_fetcher.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;
using Packs = std::vector<PackTarget>;

constexpr uint32_t kMaxDeltas = 64;

// One state of one feed: its signed list and where its packs lie.
struct State {
  const AuthenticFeed* feed;
  std::string repository;

  Packs There() const {
    Packs there;
    for (const PackTarget& pack : feed->listed) {
      if (IsThere(repository, *feed, pack)) there.push_back(pack);
    }
    return there;
  }
};

// What is compared with: another bundle, or folders.
struct Others {
  std::optional<UnpackedBundle> bundle;
  std::map<std::string, AuthenticFeed> folders;
  std::map<std::string, State> states;
};

absl::StatusOr<Others> OpenFolders(const Arguments& arguments, const Console& console) {
  auto sources = FindFeeds(arguments.against);
  if (!sources.ok()) return sources.status();
  Others others;
  for (const FeedSource& source : *sources) {
    auto root = RootFor(arguments, source.feed);
    if (root.ok() && root->empty()) root = LowestRoot(source.path);
    if (!root.ok()) return root.status();
    auto fetcher = transport::FolderFetcher::Open(source.path);
    if (!fetcher.ok()) return fetcher.status();
    trust::TrustedState state;
    state.root = *std::move(root);
    auto feed = VerifyFeed(**fetcher, state, source.feed,
                           {.now = console.now, .accept_expired_within = absl::InfiniteDuration()});
    if (!feed.ok()) return feed.status();
    const std::string name = feed->feed;
    const auto place = others.folders.emplace(name, *std::move(feed)).first;
    others.states[name] = {&place->second, source.path};
  }
  return others;
}

absl::StatusOr<Others> OpenOthers(const Arguments& arguments, const Console& console) {
  if (!arguments.against.empty()) return OpenFolders(arguments, console);
  auto bundle = UnpackForReading(arguments, arguments.other, /*trust_own_roots=*/true, console);
  if (!bundle.ok()) return bundle.status();
  Others others;
  others.bundle.emplace(*std::move(bundle));
  for (const UnpackedFeed& feed : others.bundle->feeds) {
    if (!feed.status.ok()) return feed.status;
    others.states[feed.description.feed] = {&others.bundle->authentic.at(feed.description.feed),
                                            feed.path};
  }
  return others;
}

// The packs of a version, opened.
struct Version {
  std::vector<std::unique_ptr<storage::PackReader>> readers;
  std::unique_ptr<storage::EntryCursor> cursor;
};

// `held` are packs of `before` that `after` may be built upon.
absl::StatusOr<Version> Open(const State& state, const State* before) {
  Packs there = state.There();
  Packs held = before == nullptr ? Packs() : before->There();
  auto chain = trust::CheapestChain(there, held, kMaxDeltas);
  if (!chain.ok() || chain->back().to_version != state.feed->version()) {
    return Rejected(
        RejectReason::kVersionGap,
        absl::StrCat("the packs that are there do not make up version ", state.feed->version(),
                     " of ", state.feed->feed, "; compare with what it builds upon"));
  }
  Version version;
  std::vector<const storage::PackReader*> packs;
  for (const PackTarget& pack : *chain) {
    const auto is_this = [&](const PackTarget& other) { return other.sha256 == pack.sha256; };
    const bool own = std::any_of(there.begin(), there.end(), is_this);
    const State& from = own ? state : *before;
    auto reader = storage::PackReader::Open(PackPath(from.repository, *from.feed, pack),
                                            storage::PackLimits());
    if (!reader.ok()) return reader.status();
    version.readers.push_back(*std::move(reader));
    packs.push_back(version.readers.back().get());
  }
  version.cursor = storage::NewVersionCursor(packs);
  return version;
}

struct Difference {
  std::string feed;
  uint64_t from_version = 0;  // 0: not there
  uint64_t to_version = 0;
  VerdictChanges changes;
};

absl::StatusOr<Difference> Compare(const State& after, const State* before) {
  Difference difference;
  difference.feed = after.feed->feed;
  difference.to_version = after.feed->version();
  Version base;
  base.cursor = storage::NewVersionCursor({});
  if (before != nullptr) {
    difference.from_version = before->feed->version();
    auto opened = Open(*before, nullptr);
    if (!opened.ok()) return opened.status();
    base = *std::move(opened);
  }
  auto result = Open(after, before);
  if (!result.ok()) return result.status();
  auto changes = CompareVersions(*base.cursor, *result->cursor);
  if (!changes.ok()) return changes.status();
  difference.changes = *std::move(changes);
  return difference;
}

void PrintText(const Difference& difference, std::ostream& out) {
  out << difference.feed << ": " << StepText(difference.from_version, difference.to_version)
      << "\n";
  if (difference.changes.none()) out << "  nothing changes\n";
  for (const std::string& line : InWords(difference.changes)) out << "  " << line << "\n";
}

Json ToJson(const Difference& difference) {
  Json changes = Json::array();
  for (const auto& [verdicts, count] : difference.changes.changes) {
    const auto or_null = [](const std::string& verdict) -> Json {
      if (verdict.empty()) return nullptr;
      return verdict;
    };
    changes.push_back({{"before", or_null(verdicts.first)},
                       {"after", or_null(verdicts.second)},
                       {"records", count}});
  }
  return {{"feed", difference.feed},
          {"from", difference.from_version},
          {"to", difference.to_version},
          {"changes", changes},
          {"altered", difference.changes.altered},
          {"unchanged", difference.changes.unchanged}};
}

}  // namespace

absl::StatusOr<int> RunDiff(const Arguments& arguments, const Console& console) {
  auto bundle = UnpackForReading(arguments, arguments.file, /*trust_own_roots=*/true, console);
  if (!bundle.ok()) return bundle.status();
  auto others = OpenOthers(arguments, console);
  if (!others.ok()) return others.status();
  Json feeds = Json::array();
  for (const UnpackedFeed& unpacked : bundle->feeds) {
    if (!unpacked.status.ok()) return unpacked.status;
    const std::string& name = unpacked.description.feed;
    const auto before = others->states.find(name);
    auto difference = Compare({&bundle->authentic.at(name), unpacked.path},
                              before == others->states.end() ? nullptr : &before->second);
    if (!difference.ok()) return difference.status();
    feeds.push_back(ToJson(*difference));
    if (!arguments.json) PrintText(*difference, console.out);
  }
  if (arguments.json) {
    console.out << Json{{"bundle", arguments.file}, {"feeds", feeds}}.dump(2) << "\n";
  }
  return kExitOk;
}

}  // namespace cloister::bundle
