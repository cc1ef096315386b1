// CheapestChain: a shortest path from nothing to the newest version, where the ways are snapshots
// and deltas and their length is the bytes still to be fetched.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/pack_target.h"

namespace cloister::trust {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

// A pack that may be used, and what it costs.
struct Candidate {
  const PackTarget* pack;
  uint64_t bytes_to_fetch;
};

// The best way found to one version with a certain number of deltas. It says only where it comes
// from: a copy of the packs at each would grow with the square of a list that others write.
struct Way {
  uint64_t bytes_to_fetch = 0;
  uint64_t snapshot_version = 0;
  const PackTarget* last_delta = nullptr;  // null: the snapshot itself
};

// A snapshot with all its parts, in order.
struct WholeSnapshot {
  uint64_t bytes_to_fetch = 0;
  std::vector<const PackTarget*> parts;
};

// Ways by version, then by number of deltas.
using Ways = std::map<uint64_t, std::vector<std::optional<Way>>>;

bool IsBetter(const Way& a, const std::optional<Way>& b) {
  if (!b || a.bytes_to_fetch != b->bytes_to_fetch) {
    return !b || a.bytes_to_fetch < b->bytes_to_fetch;
  }
  return a.snapshot_version > b->snapshot_version;
}

// What is offered, and what is held besides as far as it agrees with that.
std::vector<Candidate> Candidates(const std::vector<PackTarget>& offered,
                                  const std::vector<PackTarget>& held) {
  std::set<std::string> held_files;
  for (const PackTarget& pack : held) held_files.insert(pack.sha256);
  std::map<uint64_t, std::string> offered_content;
  std::set<std::string> offered_files;
  std::vector<Candidate> candidates;
  for (const PackTarget& pack : offered) {
    offered_content[pack.to_version] = pack.content_digest;
    if (!pack.base_digest.empty()) offered_content[pack.from_version] = pack.base_digest;
    offered_files.insert(pack.sha256);
    candidates.push_back({&pack, held_files.count(pack.sha256) != 0 ? 0 : pack.bytes});
  }
  for (const PackTarget& pack : held) {
    auto content = offered_content.find(pack.to_version);
    bool agrees = content == offered_content.end() || content->second == pack.content_digest;
    if (agrees && offered_files.insert(pack.sha256).second) candidates.push_back({&pack, 0});
  }
  return candidates;
}

std::map<uint64_t, WholeSnapshot> Snapshots(const std::vector<Candidate>& candidates) {
  // By version and number of parts: one version may have been cut in two ways, at different times.
  std::map<std::pair<uint64_t, uint32_t>, std::map<uint32_t, Candidate>> cuts;
  for (const Candidate& candidate : candidates) {
    const PackTarget& pack = *candidate.pack;
    if (!pack.is_delta()) cuts[{pack.to_version, pack.parts}].emplace(pack.part, candidate);
  }
  std::map<uint64_t, WholeSnapshot> snapshots;
  for (const auto& [cut, parts] : cuts) {
    if (parts.size() != cut.second) continue;
    WholeSnapshot snapshot;
    for (const auto& [part, candidate] : parts) {
      snapshot.bytes_to_fetch += candidate.bytes_to_fetch;
      snapshot.parts.push_back(candidate.pack);
    }
    auto [place, is_new] = snapshots.emplace(cut.first, snapshot);
    if (!is_new && snapshot.bytes_to_fetch < place->second.bytes_to_fetch) {
      place->second = std::move(snapshot);
    }
  }
  return snapshots;
}

std::vector<Candidate> DeltasByVersion(const std::vector<Candidate>& candidates) {
  std::vector<Candidate> deltas;
  for (const Candidate& candidate : candidates) {
    if (candidate.pack->is_delta()) deltas.push_back(candidate);
  }
  std::stable_sort(deltas.begin(), deltas.end(), [](const Candidate& a, const Candidate& b) {
    return a.pack->from_version < b.pack->from_version;
  });
  return deltas;
}

Ways FindWays(const std::map<uint64_t, WholeSnapshot>& snapshots,
              const std::vector<Candidate>& deltas, uint32_t max_deltas) {
  Ways ways;
  for (const auto& [version, snapshot] : snapshots) {
    ways[version].resize(max_deltas + 1);
    ways[version][0] = Way{snapshot.bytes_to_fetch, version, nullptr};
  }
  // A delta leads upwards, so all ways to where it starts are known when its turn comes.
  for (const Candidate& delta : deltas) {
    auto from = ways.find(delta.pack->from_version);
    if (from == ways.end()) continue;
    auto& to = ways[delta.pack->to_version];
    to.resize(max_deltas + 1);
    for (uint32_t count = 0; count < max_deltas; ++count) {
      if (!from->second[count]) continue;
      Way way = *from->second[count];
      way.bytes_to_fetch += delta.bytes_to_fetch;
      way.last_delta = delta.pack;
      if (IsBetter(way, to[count + 1])) to[count + 1] = way;
    }
  }
  return ways;
}

// The number of deltas of the cheapest way to `version`.
std::optional<uint32_t> Cheapest(const Ways& ways, uint64_t version) {
  auto found = ways.find(version);
  if (found == ways.end()) return std::nullopt;
  const std::vector<std::optional<Way>>& by_count = found->second;
  std::optional<uint32_t> best;
  for (uint32_t count = 0; count < by_count.size(); ++count) {
    if (!by_count[count]) continue;
    if (!best || by_count[count]->bytes_to_fetch < by_count[*best]->bytes_to_fetch) best = count;
  }
  return best;
}

}  // namespace

absl::StatusOr<std::vector<PackTarget>> CheapestChain(const std::vector<PackTarget>& offered,
                                                      const std::vector<PackTarget>& held,
                                                      uint32_t max_deltas) {
  const std::vector<Candidate> candidates = Candidates(offered, held);
  const std::map<uint64_t, WholeSnapshot> snapshots = Snapshots(candidates);
  const Ways ways = FindWays(snapshots, DeltasByVersion(candidates), max_deltas);
  const uint64_t newest = NewestVersion(offered);
  std::optional<uint32_t> count = Cheapest(ways, newest);
  if (!count) {
    return Rejected(RejectReason::kVersionGap, absl::StrCat("no snapshot with at most ", max_deltas,
                                                            " deltas leads to version ", newest));
  }
  // Back from the newest version to the snapshot, then the other way round.
  std::vector<PackTarget> chain;
  uint64_t version = newest;
  for (; *count > 0; --*count) {
    chain.push_back(*ways.at(version)[*count]->last_delta);
    version = chain.back().from_version;
  }
  const WholeSnapshot& snapshot = snapshots.at(version);
  for (auto part = snapshot.parts.rbegin(); part != snapshot.parts.rend(); ++part) {
    chain.push_back(**part);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace cloister::trust
