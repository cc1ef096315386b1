// Whether a verified version may serve now, or waits. Pure decisions over what is known; the
// updater acts on them.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/verdict.h"
#include "server/config/configuration.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Why a verified version does not serve yet. NONE: it serves.
enum class HoldReason {
  kNone,
  kManual,      // the feed is configured to wait for an administrator
  kHoldOff,     // it has not been known for the configured time yet
  kPinned,      // an administrator pinned another version
  kMassChange,  // it changes a larger share of the records than is configured
  kRejected,    // an administrator rejected it
};
// "manual", "hold_off", "pinned", "mass_change", "rejected"; "" for kNone.
absl::string_view HoldReasonName(HoldReason reason);

// Stands for "no record" where a verdict is expected.
inline constexpr reputation::Verdict kNoRecord{};
// Stands for an exclusion (reputation::Record::excluded), which has no verdict either.
inline constexpr reputation::Verdict kExclusion{14};

// What a version would change.
struct ChangeSummary {
  uint64_t records_before = 0;
  uint64_t added = 0;
  uint64_t removed = 0;
  uint64_t changed = 0;  // another verdict; other changes of a record do not count
  // How many records went from one verdict to another, kNoRecord and kExclusion included.
  std::map<std::pair<reputation::Verdict, reputation::Verdict>, uint64_t> transitions;
  // Threats among what is added or changed that list a protected object, and the first of them in
  // words ("own domain bank.example"). They are masked in answers.
  uint64_t protected_listed = 0;
  std::vector<std::string> protected_examples;  // at most 20
  // False if counting took too long and was ended: there is more, and the version is held.
  bool complete = true;

  uint64_t total() const { return added + removed + changed; }
  // Of the records before; 0 where there were none (a first import is exempt).
  double share() const;
  // "3 TRUSTED become MALICIOUS", one line a transition, the gravest first; what is added and
  // removed comes with its verdict ("12 MALICIOUS added").
  std::vector<std::string> Lines() const;
};

// A verified version that is newer than what serves.
struct VerifiedVersion {
  uint64_t version = 0;
  absl::Time taken;                        // when it was verified here first
  const ChangeSummary* changes = nullptr;  // against what serves
};

// Serve it, or why not. What administrators said goes first: a pin, then a rejection, then an
// acceptance; then manual, mass change, hold-off. A clock set back does not stretch a hold-off
// beyond its length.
HoldReason Decide(const UpdatePolicy& policy, const storage::FeedDirective& directive,
                  const VerifiedVersion& verified, absl::Time now);

}  // namespace cloister::server
