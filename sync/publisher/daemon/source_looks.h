// Looks at a publication's sources again and again, and knows which of them changed.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/publisher/publication/publication.h"
#include "sync/publisher/sources/web_source.h"

namespace cloister::publisher {

// What is known of one source. Fingerprints are digests of a copy, or of names, sizes, times and
// inodes of local files: a file that is replaced or written to is seen, one that is only read or
// touched costs a build that finds nothing changed.
struct SourceState {
  std::string name;
  std::string seen;       // fingerprint of what the last look found; "" before the first
  std::string tried;      // that the last build was made from, whatever came of it
  std::string published;  // that is in the version on offer
  absl::Time looked_at = absl::InfinitePast();
  // When a look last found just what is published: how fresh the version on offer is.
  absl::Time vouched_at = absl::InfinitePast();
  absl::Time next_look = absl::InfinitePast();
  absl::Time not_before = absl::InfinitePast();  // what its server asked for
  uint32_t failures = 0;                         // looks in a row
  std::string error;                             // of the last look; "" if it went well
};

// Not thread-safe.
class SourceLooks {
 public:
  // Goes on from what `known` says of sources of the same names: looks at each at once, but no
  // sooner than its server asks. Borrows `copies`.
  SourceLooks(const Publication& publication, const std::vector<SourceState>& known,
              SourceCopies* copies);

  // Looks at every source whose time has come: fetches it, or examines its files. `jitter` is a
  // random number from -1 to 1, which spreads looks by a tenth of the interval. Cancelled if the
  // program shall end; what goes wrong otherwise is the source's error, and it is looked at again
  // after 15 s, doubled with each failure up to the interval, and no sooner than its server asks.
  // Times are of a clock that may be set back: a look that lies ahead is as good as none.
  absl::Status LookAtDue(absl::Time now, double jitter);
  // Whatever the time, but no sooner than servers ask.
  void LookAtAllNext();
  absl::Time NextLook() const;

  // Whether a source is another one than the last build was made from.
  bool Changed() const;
  // OK if every source was had, and copies are no older than their use_last_copy_for: what may be
  // published. Unavailable, naming those that are in the way.
  absl::Status CheckAges(absl::Time now) const;
  // The same for vouching again for what is published: by when it was last found in each source, at
  // least three intervals.
  absl::Status CheckVouching(absl::Time now) const;

  // A build is made from what was seen.
  void Tried();
  // It was published, or found unchanged.
  void Published(absl::Time now);

  const std::vector<SourceState>& states() const { return states_; }

 private:
  absl::Status Look(const PublicationSource& source, absl::Time now, SourceState* state);
  void Saw(const PublicationSource& source, const absl::Status& look, absl::Time now,
           SourceState* state);

  const Publication& publication_;
  SourceCopies* copies_;
  std::vector<SourceState> states_;  // as publication_.sources
};

// Of the files that `path` stands for (source_files.h); errors as there.
absl::StatusOr<std::string> FilesFingerprint(const std::string& path, const std::string& format);

}  // namespace cloister::publisher
