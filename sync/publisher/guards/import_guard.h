// Keeps a publisher from condemning what everybody uses: entries that a guard stops are left out of
// the feed, and told (docs/feeds.md).

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::publisher {

// One closed list: the words stand in reports, configuration and the names of tests.
enum class Guard {
  kEmptyFile,       // the digest of nothing at all
  kPublicSuffix,    // a name, or a whole site, that strangers share
  kPrivateNetwork,  // special-purpose networks: RFC 6890 and its like
  kWidePrefix,      // a network wider than configured
  kWarningList,     // a MISP warning list names it
  kPopularHost,     // among the first so many of a ranked list of hosts
  kSharedHost,      // a host that many share: reputation/protection/shared_hosts.txt
  kOwnAsset,        // own domains and networks
};
// "empty_file", "warning_list" …
absl::string_view GuardName(Guard guard);

enum class GuardAction {
  kHold,    // left out until an administrator allows it by name (GuardOptions::allow)
  kRefuse,  // left out, whatever is allowed
  kOff,
};
// "hold", "refuse" or "off".
absl::string_view GuardActionName(GuardAction action);
std::optional<GuardAction> GuardActionFromName(absl::string_view name);

struct GuardOptions {
  GuardAction empty_file = GuardAction::kRefuse;
  GuardAction public_suffix = GuardAction::kRefuse;
  GuardAction private_network = GuardAction::kRefuse;
  GuardAction wide_prefix = GuardAction::kHold;
  GuardAction warning_list = GuardAction::kHold;
  GuardAction popular_host = GuardAction::kHold;
  GuardAction shared_host = GuardAction::kHold;
  GuardAction own_asset = GuardAction::kRefuse;
  int min_ipv4_prefix = 16;  // wider networks are stopped by wide_prefix
  int min_ipv6_prefix = 32;
  // Files or folders of MISP warning lists (list.json). Lists of whole clouds are among them: name
  // those whose objects should never be condemned, rather than all of them.
  std::vector<std::string> warning_lists = {};
  // Files: one host a line, or CSV "rank,host" (Tranco); and how many of each count.
  std::vector<std::string> popular_hosts = {};
  uint64_t popular_hosts_count = 100'000;
  std::vector<std::string> own_domains = {};
  std::vector<std::string> own_networks = {};
  // Objects that may be listed although a guard would hold them, each as a feed writes it: a name
  // stands for its whole site, too. And files of such lines: what follows a tab, or '#' at the
  // start or after a space, is passed over, so that whole lines of HeldLine can be copied there.
  std::vector<std::string> allow = {};
  std::vector<std::string> allow_files = {};
};

struct GuardFinding {
  Guard guard;
  GuardAction action;  // never kOff
  std::string why;     // "warning list Top 1000: github.com"
};

// "github.com<TAB>warning_list<TAB>warning list Top 1000: github.com", without an end of line: what
// an administrator reads, and copies into a file of `allow_files`. The object is canonical, so that
// nothing that a feed wrote can break the line.
std::string HeldLine(const GuardFinding& finding, const feeds::FeedEntry& entry);

// Immutable; thread-safe.
class ImportGuard {
 public:
  virtual ~ImportGuard() = default;

  // Why `entry` is not published; nullopt if it may be. Of several guards one that refuses. Only
  // threats are guarded: KNOWN, TRUSTED and exclusions condemn nobody. A URL is stopped only where
  // it lists a whole site. A listed name is stopped as what it lists, and as what it holds if all
  // below it is listed. A network is stopped where it touches a guarded one.
  virtual std::optional<GuardFinding> Check(const feeds::FeedEntry& entry) const = 0;
};

// Reads what `options` names. InvalidArgument names file, line and mend.
absl::StatusOr<std::unique_ptr<ImportGuard>> BuildImportGuard(const GuardOptions& options);

}  // namespace cloister::publisher
