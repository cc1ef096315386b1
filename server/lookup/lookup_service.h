// cloister.v1.ReputationService: what gateways call.

#pragma once

#include <functional>

#include "absl/time/time.h"
#include "cloister/v1/reputation.grpc.pb.h"
#include "server/auth/authorizer.h"
#include "server/lookup/answerer.h"
#include "server/lookup/lookup_metrics.h"

namespace cloister::server {

using Clock = std::function<absl::Time()>;

// Thread-safe. Answers on the thread that brought the call: no lookup waits for another.
class LookupService final : public v1::ReputationService::CallbackService {
 public:
  // All must outlive the service.
  LookupService(const Answerer* answerer, const Authorizer* authorizer, LookupMetrics* metrics,
                Clock clock);

  grpc::ServerUnaryReactor* Lookup(grpc::CallbackServerContext* context,
                                   const v1::LookupRequest* request,
                                   v1::LookupResponse* response) override;

  grpc::ServerUnaryReactor* BatchLookup(grpc::CallbackServerContext* context,
                                        const v1::BatchLookupRequest* request,
                                        v1::BatchLookupResponse* response) override;

 private:
  absl::Status AnswerOne(const v1::LookupRequest& request, absl::Time now,
                         v1::LookupResponse* response, AnswerCounts* counts) const;

  // Answers a call of either method: `answer` gets the time and fills response and counts.
  template <typename Answer>
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, LookupMethod method,
                                Answer answer) const;

  const Answerer* answerer_;
  const Authorizer* authorizer_;
  LookupMetrics* metrics_;
  Clock clock_;
};

}  // namespace cloister::server
