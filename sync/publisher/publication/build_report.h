// What a build read, what it left out and why, and what came of it.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "reputation/lookup_key.h"
#include "reputation/verdict.h"
#include "sync/feeds/feed_report.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/repository/merge_report.h"
#include "sync/publisher/repository/publish.h"
#include "sync/trust/source_note.h"

namespace cloister::publisher {

// Entries of one source that one guard stopped.
struct GuardedEntries {
  static constexpr size_t kMaxExamples = 3;
  struct Example {
    std::string listed;  // as the source writes it, safe to print
    std::string why;
  };

  GuardAction action = GuardAction::kHold;
  uint64_t count = 0;
  std::vector<Example> examples;  // the first ones
};

// A source that could not be had anew and was read from its last good copy.
struct LastCopy {
  absl::Time fetched_at;
  std::string why;  // it could not be had anew
};

struct SourceReport {
  explicit SourceReport(std::string source) : name(source), reading(std::move(source)) {}

  std::string name;
  std::string format;
  std::string place;  // path as configured, or the URL's host
  uint64_t files = 0;
  std::optional<LastCopy> last_copy;
  trust::SourceNote note;

  // Lines, listings accepted, and those rejected with the first examples. Listings that lapsed
  // already are counted there by entry, though they were accepted as listings.
  feeds::FeedReport reading;
  // Entries that the source's terms let through: what the next build's are compared with.
  uint64_t entries = 0;
  std::optional<uint64_t> entries_before;  // of the last build that was published
  std::map<Guard, GuardedEntries> guarded;

  // Of entries that no guard stopped, before sources are merged. An entry may be of several
  // categories or none.
  std::map<reputation::ObjectKind, uint64_t> kinds;
  std::map<reputation::Verdict, uint64_t> verdicts;
  std::map<reputation::Category, uint64_t> categories;
  uint64_t exclusions = 0;
  SourceMerge merge;
};

// One of MergeReport::examples, in words.
struct NamedConflict {
  std::string object;      // as the winner's source lists it, or the lookup key in hexadecimal
  bool is_listed = false;  // it is the former
  std::string winner;      // names of sources
  std::string loser;
  std::string kept;  // "malicious", "excluded"
  std::string overruled;
};

struct BuildReport {
  std::string feed;
  std::vector<SourceReport> sources;  // those that were read, in order
  uint64_t duplicates = 0;            // entries left out because another one had their key
  uint64_t conflicts = 0;
  std::vector<NamedConflict> conflict_examples;
  uint64_t records = 0;   // of the version, whether it was published or not
  std::string held_file;  // lists what guards stopped; empty if nothing was written
  // Unset: nothing was published, for the build failed or was a dry run.
  std::optional<PublishResult> published;
};

}  // namespace cloister::publisher
