// Keeps publishing versions of a publication as its sources change.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/daemon/signals.h"
#include "sync/publisher/publication/build_report.h"
#include "sync/publisher/publication/publication.h"
#include "sync/publisher/repository/publish.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// Opens the keys that a publication names, those that `root` wants of them.
using UnlockKeys =
    std::function<absl::StatusOr<RoleSigners>(const Publication&, const trust::Root& root)>;
// A build's report as text; `error` is empty if nothing went wrong.
using ReportText = std::function<std::string(const BuildReport&, absl::string_view error)>;

// Looks at the sources at the publication's interval, each on its own, and builds a version when
// one changed; when the configuration or what the guards read did; when entries with valid_for_days
// would lapse though their source still lists them; and when signatures of snapshot or targets near
// their end. What fails is told, what is published stays, and it is tried again: after 15 s,
// doubled each time up to the interval.
//
// In between the timestamp is signed again when less than refresh_at_share of its life is left, but
// only for as long as every source was found to say what is published within its use_last_copy_for:
// who cannot read his sources must not say for ever that his feed is up to date. Then it expires,
// and appliances tell.
//
// The report of the last build is in report.json in the state directory.
//
// Between rounds of all this, `cloister-publish build` may be run by hand, for instance to accept
// that a source has shrunk.
//
// Keys are opened once, and again if a reload names others. Not thread-safe.
class Daemon {
 public:
  // Reads the configuration, takes the state directory for this process alone and opens the keys.
  // Errors of ReadPublication, Repository::Open and `unlock`; FailedPrecondition if another daemon
  // works with the state directory.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const std::string& file, UnlockKeys unlock,
                                                       ReportText report_text);
  ~Daemon();

  // Until a signal says so. On SIGHUP the configuration is read again and every source looked at; a
  // configuration that cannot be used is told, and the one before stays.
  void Run(Signals& signals);

 private:
  struct State;
  explicit Daemon(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace cloister::publisher
