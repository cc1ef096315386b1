#include "server/daemon/grpc_log.h"

#include <atomic>

#include "grpc/support/log.h"

namespace cloister::server {
namespace {

std::atomic<const EventLog*> g_log{nullptr};  // gRPC's callback carries no pointer of ours

void Forward(gpr_log_func_args* args) {
  const EventLog* log = g_log.load(std::memory_order_acquire);
  if (log == nullptr) return;
  log->Write(EventLog::Level::kDebug, "grpc", {{"said", args->message}});
}

}  // namespace

GrpcLog::GrpcLog(const EventLog* log) {
  g_log.store(log, std::memory_order_release);
  gpr_set_log_function(Forward);
}

GrpcLog::~GrpcLog() { g_log.store(nullptr, std::memory_order_release); }

}  // namespace cloister::server
