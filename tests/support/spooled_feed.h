// A publisher and cloister-sync in one: makes signed versions of a feed and hands them over in a
// spool, so that tests of the server need neither program.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/coverage.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "sync/trust/pack_target.h"
#include "tests/support/repository_simulator.h"

namespace cloister::testing {

// One record of a feed.
struct Listing {
  reputation::LookupKey key;
  reputation::Record record;
  reputation::Label label = {};
};

// A record of what an object's own key is; `text` may be an IP prefix ("192.0.2.0/24"), which then
// reaches all its addresses. Aborts the test program if the text is malformed.
Listing ListingOf(reputation::ObjectKind kind, const std::string& text, reputation::Verdict verdict,
                  const std::string& threat_name = "",
                  reputation::Scope scope = reputation::Scope::kExact);

// Failures abort the test program. Not thread-safe.
class SpooledFeed {
 public:
  // Packs are built in `work_directory`. The root metadata to start trusting from lies there, too.
  SpooledFeed(std::string spool_directory, std::string work_directory, std::string feed,
              absl::Time now);

  // Path of the first root.json.
  std::string RootPath() const { return work_directory_ + "/" + feed_ + ".root.json"; }

  // What signs and serves; a test alters it between publishing and handing over.
  RepositorySimulator& upstream() { return upstream_; }

  // Declared besides what the records show.
  void AlsoCovers(reputation::LookupForm form) { coverage_.Add(form); }
  // Where the entries of the versions to come are from.
  void ComesFrom(std::vector<trust::SourceNote> sources) { sources_ = std::move(sources); }

  // The next version, as a snapshot that replaces everything or as a delta upon the last one.
  void PublishSnapshot(const std::vector<Listing>& listings);
  void PublishDelta(const std::vector<Listing>& added,
                    const std::vector<reputation::LookupKey>& removed = {});
  // Offers the present version as a snapshot, too.
  void OfferSnapshotToo();
  // Takes all packs but the newest off the offer; they still go into spool entries.
  void OfferNewestPackOnly();
  // Vouches for the same version again, at `now`.
  void PublishTimestamp(absl::Time now);

  // Makes the entry in the spool as cloister-sync does, or under another number; returns its path.
  std::string HandOver();
  std::string HandOver(uint64_t entry_version);

  uint64_t version() const { return version_; }
  uint64_t timestamp_version() const;
  // Packs of the version, in order.
  const std::vector<trust::PackTarget>& chain() const { return chain_; }
  // Name of a pack's file below targets/ of an entry.
  static std::string TargetName(const trust::PackTarget& pack);

 private:
  using Entries = std::map<std::string, std::string>;

  void Enter(const std::vector<Listing>& listings, Entries* entries) const;
  void Publish(const Entries& changes, uint64_t from_version);
  trust::PackTarget WritePack(const Entries& entries, uint64_t from_version);
  void WriteMetadata(const std::string& entry);

  std::string spool_directory_;
  std::string work_directory_;
  std::string feed_;
  RepositorySimulator upstream_;
  reputation::Coverage coverage_;
  reputation::PrefixLengths prefix_lengths_;
  std::vector<trust::SourceNote> sources_;
  Entries entries_;  // of the version; an empty value in a delta removes
  uint64_t version_ = 0;
  std::vector<trust::PackTarget> chain_;
  std::vector<trust::PackTarget> others_;  // handed over besides
};

}  // namespace cloister::testing
