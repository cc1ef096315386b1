// One call of ImportBundle: from the stream into the inbox. There are few slots for uploads; one
// that stalls, or arrives byte by byte, loses its own.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "server/admin/bundle_inbox.h"
#include "server/admin/long_calls.h"
#include "server/admin/upload_call.h"
#include "server/auth/authorizer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Deletes itself when the call is over; what has arrived goes with it unless all of it has.
class ImportCall final : public UploadCall<v1::ImportBundleRequest> {
 public:
  static constexpr size_t kMaxPieceBytes = 1 << 20;
  static constexpr absl::Duration kPatience = absl::Minutes(1);
  // What has to arrive in that time; some 1 KiB/s.
  static constexpr uint64_t kMinProgressBytes = 64 << 10;

  struct Options {
    BundleInbox* inbox = nullptr;
    std::function<absl::Status(const storage::AuditEvent&)> audit;
    LongCalls* threads = nullptr;
    Caller caller;
    std::function<absl::Time()> clock;
    absl::Duration patience = kPatience;
  };

  // Begins to read. `context` and `response` are those of the call.
  ImportCall(grpc::CallbackServerContext* context, v1::ImportBundleResponse* response,
             Options options);

 private:
  ~ImportCall() override = default;

  absl::StatusOr<uint64_t> Take(const v1::ImportBundleRequest& piece) override;
  absl::Status Conclude() override;
  void LetGo() override { upload_.reset(); }

  absl::Status Begin(const v1::ImportBundleStart& start);

  v1::ImportBundleResponse* const response_;
  const Options options_;
  std::string reason_;
  std::unique_ptr<BundleInbox::Upload> upload_;
};

}  // namespace cloister::server
