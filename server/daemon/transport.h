// How the gRPC server treats connections; private to this folder.

#pragma once

#include "grpcpp/server_builder.h"
#include "server/config/configuration.h"

namespace cloister::server {

void SetUpTransport(const LimitsConfig& limits, grpc::ServerBuilder* builder);

}  // namespace cloister::server
