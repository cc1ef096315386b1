#include "server/metrics/exporter.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::server {

absl::StatusOr<std::unique_ptr<MetricsExporter>> MetricsExporter::Start(
    const std::string& address,
    const std::vector<std::shared_ptr<prometheus::Collectable>>& sources) {
  std::unique_ptr<prometheus::Exposer> exposer;
  try {
    // civetweb closes a connection whose client is silent for this long.
    exposer = std::make_unique<prometheus::Exposer>(std::vector<std::string>{
        "listening_ports", address, "num_threads", "2", "request_timeout_ms", "10000"});
  } catch (const std::exception& e) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot serve metrics on ", address, " ([metrics] address): ", e.what(),
                     "; another process may listen there: choose another port, or \"\" for none"));
  }
  const std::vector<int> ports = exposer->GetListeningPorts();
  if (ports.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot serve metrics on ", address,
                     " ([metrics] address): another process may listen there: choose another "
                     "port, or \"\" for none"));
  }
  for (const auto& source : sources) exposer->RegisterCollectable(source);
  std::string bound = absl::StrCat(address.substr(0, address.rfind(':')), ":", ports.front());
  return std::unique_ptr<MetricsExporter>(
      new MetricsExporter(std::move(exposer), std::move(bound), sources));
}

}  // namespace cloister::server
