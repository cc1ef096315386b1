// The phases of a build, one at a time.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/feed_texts.h"

namespace cloister::bench {

// Seconds of processor time of this process, for all records.
struct BuildPhases {
  double lines = 0;        // LineReader alone: part of `parse`
  double parse = 0;        // lines, fields, canonical forms, keys
  double sort = 0;         // in memory, and written to files
  double merge = 0;        // of those files
  double walk = 0;         // over what was merged, records encoded: part of `write`
  double digest = 0;       // content digest: part of `write`
  double write = 0;        // packs, from the merged entries to files that are synced and hashed
  double hash = 0;         // SHA-256 of the packs: part of `write`
  double sst = 0;          // the same entries in a bare SST file: part of `write`
  double write_waits = 0;  // seconds that writing took beyond its processor time

  // What nobody can do without: the lines, the files, their hashes.
  double Floor() const { return lines + sst + hash; }
};

// Of the source in the file `path`; works in `directory`, which exists.
absl::StatusOr<BuildPhases> MeasurePhases(const FeedText& text, const std::string& path,
                                          const std::string& directory);

}  // namespace cloister::bench
