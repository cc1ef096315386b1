// How updates fare, by feed.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prometheus/registry.h"
#include "server/updates/update_policy.h"

namespace cloister::server {

// cloister_updates_total{feed}                    updates taken
// cloister_update_rejections_total{feed,reason}   updates refused, every reason from the start
// cloister_update_duration_seconds{feed}          from the look at the spool to serving
// cloister_update_check_duration_seconds{feed}    comparing a version with what serves
// cloister_update_pending{feed,reason}            1 while a verified version waits for that reason
// cloister_update_holds_total{feed,reason}        how often one began to
// cloister_feed_masked_records{feed}              records that list a protected object
// cloister_feed_expired{feed}                     1 while the publisher's word has lapsed
// cloister_feed_damaged{feed}                     1 while part of what serves cannot be read
// cloister_rollbacks_total{feed}                  by administrators
// cloister_rebuilds_total{feed,result}            result: "complete", "partial", "failed"
// cloister_folds_total{feed,result}               result: "done", "failed"
//
// Thread-safe. Feeds that are not configured are passed over.
class UpdateMetrics {
 public:
  UpdateMetrics(prometheus::Registry* registry, const std::vector<std::string>& feeds);

  void CountTaken(const std::string& feed, absl::Duration duration);
  void CountRefused(const std::string& feed, const absl::Status& status);
  void ObserveCheck(const std::string& feed, absl::Duration took);
  // What waits now waits for `reason`; kNone: nothing waits.
  void SetPending(const std::string& feed, HoldReason reason);
  void SetMasked(const std::string& feed, uint64_t records);
  void SetExpired(const std::string& feed, bool expired);
  void SetDamaged(const std::string& feed, bool damaged);
  void CountRollback(const std::string& feed);
  void CountRebuild(const std::string& feed, const std::string& result);
  void CountFold(const std::string& feed, const std::string& result);

 private:
  using CountersByWord = std::map<std::string, prometheus::Counter*>;

  struct OfFeed {
    prometheus::Counter* taken = nullptr;
    prometheus::Histogram* duration = nullptr;
    prometheus::Histogram* check = nullptr;
    CountersByWord refused = {};  // by reason
    std::map<HoldReason, prometheus::Gauge*> pending = {};
    std::map<HoldReason, prometheus::Counter*> holds = {};
    prometheus::Gauge* masked = nullptr;
    prometheus::Gauge* expired = nullptr;
    prometheus::Gauge* damaged = nullptr;
    prometheus::Counter* rollbacks = nullptr;
    CountersByWord rebuilds = {};  // by result
    CountersByWord folds = {};     // by result
  };

  OfFeed* Find(const std::string& feed);
  void AddImports(prometheus::Registry& registry);
  void AddHolds(prometheus::Registry& registry);
  void AddStates(prometheus::Registry& registry);
  void AddWork(prometheus::Registry& registry);

  std::map<std::string, OfFeed> feeds_;
};

// The name of the reason that `status` carries: also what is logged and told to operators.
std::string RejectionName(const absl::Status& status);

}  // namespace cloister::server
