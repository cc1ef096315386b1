// What a feed's targets metadata says about its packs: the "custom" object of each target, under
// the name "cloister". docs/repository-format.md has an example.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "reputation/coverage.h"
#include "reputation/ip_address.h"
#include "sync/trust/metadata.h"
#include "sync/trust/source_note.h"

namespace cloister::trust {

// One pack on offer.
struct PackTarget {
  std::string path;    // as listed in the targets metadata
  std::string sha256;  // hexadecimal
  uint64_t bytes = 0;

  std::string feed;
  uint64_t from_version = 0;  // 0 for a part of a snapshot
  uint64_t to_version = 0;
  uint32_t part = 1;
  uint32_t parts = 1;
  uint64_t entries = 0;                      // entries of this pack, the header apart
  uint64_t version_records = 0;              // records of the version it leads to
  std::string content_digest;                // of that version: "<entries>:<hexadecimal>"
  std::string base_digest;                   // a delta's: of from_version; "" where not stated
  reputation::Coverage coverage;             // of that version
  reputation::PrefixLengths prefix_lengths;  // of that version
  absl::Duration minimum_poll_interval;      // how often to ask at most
  std::vector<SourceNote> sources;           // of that version; at most 64, none if not stated

  bool is_delta() const { return from_version != 0; }
};

nlohmann::json PackTargetToCustom(const PackTarget& target);

// Every pack that `targets` offers, in the order of their paths; a pack is a target whose path ends
// in ".sst", others are passed over. kTargetUndescribed, naming the target and the field, if one is
// malformed, the parts of a snapshot are not complete, or packs that lead to one version, or start
// from it, disagree about it; kPackUndeclared if a delta declares less than the version that it
// starts from: what it does not touch would be there undeclared. kWrongFeed if one belongs to
// another feed than `feed`.
absl::StatusOr<std::vector<PackTarget>> PacksOnOffer(const Targets& targets,
                                                     absl::string_view feed);

// The newest version on offer; 0 if there is none.
uint64_t NewestVersion(const std::vector<PackTarget>& packs);

// How to get to the newest version offered with the fewest bytes: the packs that make it up, in
// order: parts of a snapshot, then deltas. `held` is what is already there, in the same form; packs
// in it cost nothing, and may be part of the chain although they are offered no longer. What is
// held of a version that is now offered, or named as the base of a delta, with another content is
// left out. At most `max_deltas` deltas; among equals the fewest, then the newest snapshot.
// kVersionGap if nothing leads there.
absl::StatusOr<std::vector<PackTarget>> CheapestChain(const std::vector<PackTarget>& offered,
                                                      const std::vector<PackTarget>& held,
                                                      uint32_t max_deltas);

}  // namespace cloister::trust
