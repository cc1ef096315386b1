// Makes and publishes a version from what a publication's sources say.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/publication/build_report.h"
#include "sync/publisher/publication/publication.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/sources/web_source.h"

namespace cloister::publisher {

// Told how far a build is. The defaults do nothing.
class BuildProgress {
 public:
  virtual ~BuildProgress() = default;
  // What is being counted from now on: "reading urlhaus (1 of 3)".
  virtual void Begin(absl::string_view what) { (void)what; }
  // Called now and then; `total` is 0 where it is not known.
  virtual void Tell(uint64_t count, uint64_t total, absl::string_view unit) {
    (void)count, (void)total, (void)unit;
  }
};

// Where the copies of sources on the web are kept: for SourceCopies.
std::string CopiesDirectory(const Publication& publication);

// What a build works with; all of it outlives the call.
struct BuildParts {
  Repository& repository;              // opened for writing, so that no other build runs
  const RoleSigners& signers;          // may be empty for a dry run
  SourceCopies* copies = nullptr;      // not null where a source is on the web
  const ImportGuard* guard = nullptr;  // null: nothing is guarded
};

struct BuildOptions {
  absl::Time now;
  // Read, check and report, but publish nothing and remember nothing. What is fetched is kept, so
  // that the next build need not fetch it again.
  bool dry_run = false;
  bool fetch = true;  // false: the newest copies as they are
  // Sources that may have lost any share of their entries.
  std::set<std::string> accept_loss;
  // Copies that are kept are good at any age.
  bool accept_stale = false;
  bool snapshot = false;               // as PublishOptions::snapshot
  std::optional<Lifetimes> lifetimes;  // the repository's if unset
  BuildProgress* progress = nullptr;
};

// Locates or fetches every source, then reads them one after another: each entry takes the
// source's terms (source_policy.h), is stopped by a guard or goes on to be sorted and merged. What
// comes out is published.
//
// An entry that cannot be kept costs itself alone. A copy that was just fetched and cannot be read
// is dropped, and the last good one read in its place. Any other source that cannot be had or read,
// has another layout, or has lost more of its entries than `min_kept_share` allows, ends the build
// with an error that names it and how to go on; nothing is published then, and what was published
// stays. Errors of Publish are returned as they are.
//
// With a state directory, `held.tsv` in it lists what guards stopped in the last build that read
// all its sources, and `sources.json` the counts that the next build is compared with, written only
// after a version was published (or found unchanged). A build that is killed between the two is
// made up for by the next.
//
// `report` is filled as far as the build came, whatever it returns.
absl::Status BuildPublication(const Publication& publication, const BuildParts& parts,
                              const BuildOptions& options, BuildReport* report);

}  // namespace cloister::publisher
