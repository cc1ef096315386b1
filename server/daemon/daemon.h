// The running server: everything wired together.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/configuration.h"
#include "server/log/event_log.h"

namespace cloister::server {

// grpc.health.v1: the service "" serves once the database is open, the service
// "cloister.v1.ReputationService" once every configured feed serves, damaged or not; neither while
// draining.
class Daemon {
 public:
  struct Addresses {
    std::string grpc;     // "host:port" or "unix:/path"
    std::string metrics;  // "host:port"; empty: off
  };

  // Opens the database and serves until destruction. Errors name the place and the mend. `log`
  // must outlive the daemon.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const Configuration& configuration,
                                                       const EventLog* log,
                                                       std::function<absl::Time()> clock);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  // Ends at once; Drain first to let calls finish.
  ~Daemon();

  const Addresses& addresses() const;

  // Tells health checks that the end is near, takes no new calls, and lets those in flight finish
  // until `deadline`. An import in progress is finished first.
  void Drain(absl::Duration deadline);

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace cloister::server
