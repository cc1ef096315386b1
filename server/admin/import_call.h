// One call of ImportBundle: from the stream into the inbox, on threads for long calls.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "server/admin/bundle_inbox.h"
#include "server/admin/long_calls.h"
#include "server/auth/authorizer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Deletes itself when the call is over; what has arrived goes with it unless all of it has.
class ImportCall final : public grpc::ServerReadReactor<v1::ImportBundleRequest> {
 public:
  static constexpr size_t kMaxPieceBytes = 1 << 20;

  struct Options {
    BundleInbox* inbox = nullptr;
    storage::ReputationStore* store = nullptr;  // for its audit trail
    LongCalls* threads = nullptr;
    Caller caller;
    std::function<absl::Time()> clock;
  };

  // Begins to read. `context` and `response` are those of the call.
  ImportCall(grpc::CallbackServerContext* context, v1::ImportBundleResponse* response,
             Options options);

  void OnReadDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  ~ImportCall() override = default;

  // On a thread for long calls.
  void TakePiece();
  void TakeEnd();

  absl::Status Take(const v1::ImportBundleRequest& piece);
  absl::Status Begin(const v1::ImportBundleStart& start);
  absl::Status Publish();

  grpc::CallbackServerContext* const context_;
  v1::ImportBundleResponse* const response_;
  const Options options_;
  v1::ImportBundleRequest piece_;
  std::string reason_;
  std::unique_ptr<BundleInbox::Upload> upload_;
};

// Ends a call at once with an error. Deletes itself.
class RefusedImportCall final : public grpc::ServerReadReactor<v1::ImportBundleRequest> {
 public:
  explicit RefusedImportCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace cloister::server
