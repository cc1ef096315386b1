#include "server/lookup/lookup_service.h"

#include <utility>

#include "server/lookup/proto_conversion.h"

namespace cloister::server {

LookupService::LookupService(const Answerer* answerer, const Authorizer* authorizer,
                             LookupMetrics* metrics, Clock clock)
    : answerer_(answerer), authorizer_(authorizer), metrics_(metrics), clock_(std::move(clock)) {}

template <typename Answer>
grpc::ServerUnaryReactor* LookupService::Run(grpc::CallbackServerContext* context,
                                             LookupMethod method, Answer answer) const {
  const absl::Time now = clock_();
  AnswerCounts counts;
  absl::Status status = authorizer_->Authorize(*context, Role::kGateway).status();
  if (status.ok() && context->IsCancelled()) {
    status = absl::CancelledError("the caller has given up");
  }
  if (status.ok()) status = answer(now, &counts);
  if (status.ok()) metrics_->CountAnswers(method, counts);
  metrics_->CountRequest(method, status.code(), clock_() - now);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

absl::Status LookupService::AnswerOne(const v1::LookupRequest& request, absl::Time now,
                                      v1::LookupResponse* response, AnswerCounts* counts) const {
  absl::StatusOr<reputation::LookupContext> met = ContextFromProto(request.context());
  if (!met.ok()) return met.status();
  absl::StatusOr<reputation::Object> object = ObjectFromProto(request.object());
  if (!object.ok()) return object.status();
  answerer_->Answer(*object, *met, now, response, counts);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LookupService::Lookup(grpc::CallbackServerContext* context,
                                                const v1::LookupRequest* request,
                                                v1::LookupResponse* response) {
  return Run(context, LookupMethod::kLookup, [&](absl::Time now, AnswerCounts* counts) {
    return AnswerOne(*request, now, response, counts);
  });
}

grpc::ServerUnaryReactor* LookupService::BatchLookup(grpc::CallbackServerContext* context,
                                                     const v1::BatchLookupRequest* request,
                                                     v1::BatchLookupResponse* response) {
  return Run(context, LookupMethod::kBatchLookup, [&](absl::Time now, AnswerCounts* counts) {
    return answerer_->AnswerBatch(*request, now, response, counts);
  });
}

}  // namespace cloister::server
