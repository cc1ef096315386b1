#include "server/daemon/transport.h"

#include "grpcpp/resource_quota.h"

namespace cloister::server {

void SetUpTransport(const LimitsConfig& limits, grpc::ServerBuilder* builder) {
  // Without this a second server would share the port silently.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                              static_cast<int>(limits.max_concurrent_streams));
  // A client that vanished is noticed within a minute and a half; one that pings more often than
  // every ten seconds is told to calm down.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder->SetMaxReceiveMessageSize(static_cast<int>(limits.max_message_bytes));
  grpc::ResourceQuota quota("cloisterd");
  quota.Resize(limits.memory_bytes);
  builder->SetResourceQuota(quota);
}

}  // namespace cloister::server
