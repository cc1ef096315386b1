// What `cloister-publish run` knows about its publication, as a file for people and monitoring, and
// for its next start:
//
//   {"feed": "threats", "version": 7, "records": 12345, "timestamp_expires":
//   "2026-01-09T03:04:05Z",
//    "last_build": {"time": "…", "outcome": "published", "failures": 0, "error": null},
//    "vouching_error": null, "next_look": "…", "configuration": "<sha256>",
//    "repository": "/srv/feeds/threats",
//    "sources": [{"source": "urlhaus", "looked_at": "…", "vouched_at": "…", "next_look": "…",
//                 "not_before": null, "failures": 0, "error": null, "seen": "…", "tried": "…",
//                 "published": "…"}]}
//
// Times that are not known yet are null. "outcome" is published, unchanged or failed. "vouched_at"
// is when a source was last found to say what is published; "seen", "tried" and "published" tell
// its states apart (source_looks.h).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/publisher/daemon/source_looks.h"

namespace cloister::publisher {

struct DaemonStatus {
  std::string feed;
  uint64_t version = 0;
  uint64_t records = 0;
  absl::Time timestamp_expires = absl::InfinitePast();
  absl::Time last_build = absl::InfinitePast();
  std::string outcome;    // of the last build; "" if there was none
  uint32_t failures = 0;  // builds in a row
  std::string error;
  std::string vouching_error;  // why the timestamp is not refreshed
  absl::Time next_look = absl::InfinitePast();
  std::string configuration;  // SHA-256 of the file that the last build went by
  std::string repository;     // that the last build that succeeded went to
  std::vector<SourceState> sources;
};

// status.json in a publication's state directory.
std::string DaemonStatusPath(const Publication& publication);

// Readable by the owner's group, as far as the state directory lets it in.
absl::Status WriteDaemonStatus(const std::string& path, const DaemonStatus& status);
// What the file says; nothing is known where it is absent or says something impossible.
DaemonStatus ReadDaemonStatus(const std::string& path);

// For people, a few lines.
std::string DaemonStatusText(const DaemonStatus& status, absl::Time now);

}  // namespace cloister::publisher
