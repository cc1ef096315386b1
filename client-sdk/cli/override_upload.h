// Overrides on their way to the server: one call of ImportOverrides.

#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "client-sdk/cli/session.h"
#include "cloister/v1/admin.pb.h"

namespace cloister::cli {

// Not thread-safe.
class OverrideUpload {
 public:
  // The call lasts as long as the session's long timeout. `admin` must outlive it.
  OverrideUpload(v1::AdminService::Stub* admin, Session* session,
                 const v1::ImportOverridesStart& start);

  // Sends what has come together once it is enough. Aborted if the server has ended the call:
  // Finish() then says why.
  absl::Status Add(v1::Override one);
  // Sends the rest, unless `complete` is false, and waits for the answer. False, after having
  // printed why, if the call failed; `*code` is then set.
  bool Finish(bool complete, v1::ImportOverridesResponse* response, ExitCode* code);

  uint64_t sent() const { return sent_; }

 private:
  absl::Status Send();

  Session* const session_;
  grpc::ClientContext context_;
  v1::ImportOverridesResponse response_;
  std::unique_ptr<grpc::ClientWriter<v1::ImportOverridesRequest>> stream_;
  v1::ImportOverridesRequest batch_;
  size_t batch_bytes_ = 0;
  uint64_t sent_ = 0;
};

}  // namespace cloister::cli
