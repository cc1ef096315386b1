// Between the words of cloister.v1 and those of the reputation room.

#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cloister/v1/reputation.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "reputation/object.h"
#include "reputation/record.h"
#include "reputation/resolve.h"
#include "reputation/verdict.h"

namespace cloister::server {

// InvalidArgument, naming the field (object.kind, object.text) and the mend; also for a kind that
// only a newer peer knows.
absl::StatusOr<reputation::Object> ObjectFromProto(const v1::Object& object);
absl::StatusOr<reputation::ObjectKind> KindFromProto(v1::ObjectKind kind);
absl::StatusOr<reputation::LookupContext> ContextFromProto(v1::LookupContext context);
// UNSPECIFIED is refused for verdicts and taken as EXACT for scopes.
absl::StatusOr<reputation::Verdict> VerdictFromProto(v1::Verdict verdict);
absl::StatusOr<reputation::Scope> ScopeFromProto(v1::Scope scope);

v1::ObjectKind ToProto(reputation::ObjectKind kind);
v1::AnswerStatus ToProto(reputation::AnswerStatus status);
v1::Verdict ToProto(reputation::Verdict verdict);
v1::Scope ToProto(reputation::Scope scope);
v1::LayerKind ToProto(reputation::LayerKind kind);
v1::Category ToProto(reputation::Category category);

// Whole microseconds; `time` must be finite.
void SetTimestamp(absl::Time time, google::protobuf::Timestamp* out);

// Everything a record says by itself; what is not stated is left unset.
void SetRecord(const reputation::Record& record, v1::Match* match);
void SetLabel(const reputation::Label& label, v1::Match* match);
void SetLabel(const reputation::Label& label, v1::BatchLookupResponse::Label* out);

}  // namespace cloister::server
