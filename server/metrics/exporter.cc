#include "server/metrics/exporter.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::server {
namespace {

absl::Status CannotListen(const std::string& address) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot serve metrics on ", address,
                   " ([metrics] address): the address is not this machine's, or another process "
                   "listens there (\"ss -ltnp\" names it): choose another, or \"\" for none"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsExporter>> MetricsExporter::Start(
    const std::string& address,
    const std::vector<std::shared_ptr<prometheus::Collectable>>& sources) {
  std::unique_ptr<prometheus::Exposer> exposer;
  try {
    // civetweb closes a connection whose client is silent for this long.
    exposer = std::make_unique<prometheus::Exposer>(std::vector<std::string>{
        "listening_ports", address, "num_threads", "2", "request_timeout_ms", "10000"});
  } catch (const std::exception&) {
    return CannotListen(address);  // civetweb does not say why
  }
  const std::vector<int> ports = exposer->GetListeningPorts();
  if (ports.empty()) return CannotListen(address);
  for (const auto& source : sources) exposer->RegisterCollectable(source);
  std::string bound = absl::StrCat(address.substr(0, address.rfind(':')), ":", ports.front());
  return std::unique_ptr<MetricsExporter>(
      new MetricsExporter(std::move(exposer), std::move(bound), sources));
}

}  // namespace cloister::server
