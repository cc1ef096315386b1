// How an offline bundle reaches cloister-sync, and how it says what became of it.
//
//   <inbox>/<name>.bundle            appears by rename; cloister-sync imports each once
//   <spool>/.imports/<name>.bundle.json   its outcome, replaced atomically:
//
//     {"bundle": "7c1e….bundle", "sha256": "…", "state": "imported",
//      "finished": "2026-01-02T03:04:05Z", "reason": "", "message": "",
//      "feeds": [{"feed": "threats", "state": "imported", "version": 8, "expired": false,
//                 "reason": "", "message": ""}]}
//
// An inbox is any folder: the one that cloisterd puts uploads into, a removable medium's mount, the
// receiving end of a data diode. cloisterd never parses a bundle; whoever uploads one hands it to
// the process that holds no secret. "state" is "waiting", "importing", "imported", "unchanged"
// (what it holds is in the spool already) or "refused"; of a bundle with several feeds it is the
// gravest one. "reason" is a RejectReason's name or a status code's.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::trust {

inline constexpr char kBundleSuffix[] = ".bundle";
inline constexpr char kImportsFolder[] = ".imports";  // of the spool directory

// What became of one feed of a bundle.
struct FeedImport {
  std::string feed;
  std::string state;
  uint64_t version = 0;  // 0 if none was found
  bool expired = false;  // authentic, but its metadata had expired
  std::string reason;    // empty unless refused
  std::string message;
};

struct BundleImport {
  std::string bundle;  // name of the file
  std::string sha256;  // of the file, hexadecimal; empty while it is not known
  std::string state;
  absl::Time finished;
  std::string reason;
  std::string message;
  std::vector<FeedImport> feeds;
};

// Whether `name` is the name of a bundle file: 1 to 128 letters, digits, '.', '-' and '_', not
// beginning with a dot, then ".bundle".
bool IsBundleFileName(absl::string_view name);

// Where the outcome of the bundle `name` is told.
std::string BundleImportPath(absl::string_view spool_directory, absl::string_view name);

std::string EncodeBundleImport(const BundleImport& import);
// DataLoss if `text` is not what EncodeBundleImport makes.
absl::StatusOr<BundleImport> DecodeBundleImport(absl::string_view text);

}  // namespace cloister::trust
