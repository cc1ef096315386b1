// Serves metrics over HTTP in the text format of Prometheus.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"

namespace cloister::server {

class MetricsExporter {
 public:
  // Listens on `address` ("host:port"; port 0: chosen by the kernel) and serves `sources` under
  // /metrics. FailedPrecondition if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<MetricsExporter>> Start(
      const std::string& address,
      const std::vector<std::shared_ptr<prometheus::Collectable>>& sources);

  // "host:port" with the port that was had.
  const std::string& address() const { return address_; }

 private:
  MetricsExporter(std::unique_ptr<prometheus::Exposer> exposer, std::string address,
                  std::vector<std::shared_ptr<prometheus::Collectable>> sources)
      : address_(std::move(address)), sources_(std::move(sources)), exposer_(std::move(exposer)) {}

  std::string address_;
  std::vector<std::shared_ptr<prometheus::Collectable>> sources_;
  std::unique_ptr<prometheus::Exposer> exposer_;  // ends before its sources
};

}  // namespace cloister::server
