// One call of ImportOverrides: each batch is checked, and written at once, before the next is read.
// Between two batches other writers have their turn; lookups never wait.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "server/admin/long_calls.h"
#include "server/admin/override_request.h"
#include "server/admin/upload_call.h"
#include "server/auth/authorizer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Deletes itself when the call is over; batches that were written stay.
class OverrideImportCall final : public UploadCall<v1::ImportOverridesRequest> {
 public:
  static constexpr int kMaxBatch = 10'000;
  static constexpr uint64_t kMaxOverrides = 10'000'000;
  static constexpr int kMaxRefusals = 20;  // told one by one
  static constexpr size_t kMaxRefusalBytes = 512;
  // Between two batches. Nothing is held meanwhile but the stream, and sources may be slow.
  static constexpr absl::Duration kPatience = absl::Minutes(10);

  struct Options {
    storage::ReputationStore* store = nullptr;
    LongCalls* threads = nullptr;
    Caller caller;
    std::function<absl::Time()> clock;
    absl::Duration patience = kPatience;
    uint64_t max_overrides = kMaxOverrides;
  };

  // Begins to read. `context` and `response` are those of the call.
  OverrideImportCall(grpc::CallbackServerContext* context, v1::ImportOverridesResponse* response,
                     Options options);

 private:
  ~OverrideImportCall() override = default;

  absl::StatusOr<uint64_t> Take(const v1::ImportOverridesRequest& piece) override;
  absl::Status Conclude() override;

  absl::Status Begin(const v1::ImportOverridesStart& start);
  absl::Status TakeBatch(const v1::ImportOverridesBatch& batch);
  absl::Status Write(const std::vector<storage::KeyedOverride>& overrides, absl::Time now);
  void Refuse(const v1::Override& wanted, const absl::Status& why);

  v1::ImportOverridesResponse* const response_;
  const Options options_;
  bool begun_ = false;
  v1::ImportOverridesStart start_;
  uint64_t taken_ = 0;    // overrides that came, refused ones included
  uint64_t batches_ = 0;  // written
};

}  // namespace cloister::server
