// Everything about updates, wired together: gates, updaters, the thread that imports and the one
// that works in the background; and what administrators may do about them.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/configuration.h"
#include "server/protection/protected_objects.h"
#include "server/updates/background_work.h"
#include "server/updates/feed_gate.h"
#include "server/updates/feed_reports.h"
#include "server/updates/known_chains.h"
#include "server/updates/spool_watcher.h"
#include "server/updates/update_control.h"
#include "server/updates/update_observer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

class FeedUpdates : public UpdateControl {
 public:
  struct Options {
    const Configuration* configuration = nullptr;
    storage::ReputationStore* store = nullptr;
    const ProtectedObjects* protection = nullptr;  // may be null: nothing is protected
    UpdateObserver* observer = nullptr;
    FeedReports* reports = nullptr;  // told of what serves at the start
    std::function<absl::Time()> clock;
  };

  // Pointers must outlive this object. Opens the trusted state of every feed; an error names the
  // feed and the mend. Nothing is imported yet.
  static absl::StatusOr<std::unique_ptr<FeedUpdates>> Create(const Options& options);
  // Waits for an import in progress; ends work in the background.
  ~FeedUpdates() override;

  // Starts the threads. Call once.
  void Start();
  // Ends them, and comparisons of versions. What administrators decide goes on to be done.
  void Stop();

  absl::StatusOr<FeedUpdateState> State(absl::string_view feed) const override;
  absl::Status Accept(absl::string_view feed, uint64_t version, const Decision& decision) override;
  absl::Status Reject(absl::string_view feed, uint64_t version, const Decision& decision) override;
  absl::StatusOr<uint64_t> Rollback(absl::string_view feed, uint64_t version,
                                    const Decision& decision) override;
  absl::Status Pin(absl::string_view feed, const Decision& decision) override;
  absl::Status Unpin(absl::string_view feed, const Decision& decision) override;
  absl::StatusOr<ChangeSummary> Diff(absl::string_view feed, uint64_t version) override;
  absl::StatusOr<storage::VerifyReport> Verify(
      absl::string_view feed, const storage::StoreProgressCallback& progress) override;
  absl::StatusOr<storage::RebuildReport> Rebuild(absl::string_view feed,
                                                 const Decision& decision) override;

 private:
  struct Feed {
    std::unique_ptr<KnownChains> chains;
    std::unique_ptr<FeedGate> gate;
  };

  explicit FeedUpdates(const Options& options) : options_(options) {}

  absl::Status OpenFeed(const FeedConfig& config);
  absl::StatusOr<FeedGate*> Find(absl::string_view feed) const;
  // The gate of the feed, if `decision` says who and why.
  absl::StatusOr<FeedGate*> FindFor(absl::string_view feed, const Decision& decision) const;

  const Options options_;
  std::map<std::string, Feed, std::less<>> feeds_;
  std::vector<SpoolRounds::Feed> updaters_;  // until the watcher takes them
  std::unique_ptr<BackgroundRounds> background_rounds_;
  std::unique_ptr<SpoolWatcher> watcher_;
  std::unique_ptr<BackgroundWork> background_;
};

}  // namespace cloister::server
