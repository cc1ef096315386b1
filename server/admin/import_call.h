// One call of ImportBundle: from the stream into the inbox, on threads for long calls. There are
// few slots for uploads; one that stalls, or arrives byte by byte, loses its own.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "grpcpp/alarm.h"
#include "server/admin/bundle_inbox.h"
#include "server/admin/long_calls.h"
#include "server/auth/authorizer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Deletes itself when the call is over; what has arrived goes with it unless all of it has.
class ImportCall final : public grpc::ServerReadReactor<v1::ImportBundleRequest> {
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

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  // What comes next; once it is kOver nothing more is done but to wait for OnDone.
  enum class State { kReading, kTaking, kOver };

  ~ImportCall() override = default;

  // From kReading to `next`; false if the call is over.
  bool LeaveReading(State next);
  void StartReading() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Looks again after a while whether enough has arrived.
  void SetAlarm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnAlarm();
  bool Stalls() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // On a thread for long calls.
  void TakePiece();
  void TakeEnd();
  // Nothing of this may be touched after it.
  void End(const absl::Status& status);

  absl::Status Take(const v1::ImportBundleRequest& piece);
  absl::Status Begin(const v1::ImportBundleStart& start);
  absl::Status Publish();

  grpc::CallbackServerContext* const context_;
  v1::ImportBundleResponse* const response_;
  const Options options_;
  v1::ImportBundleRequest piece_;
  std::string reason_;
  std::unique_ptr<BundleInbox::Upload> upload_;  // of whoever left kReading

  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kReading;
  uint64_t arrived_ ABSL_GUARDED_BY(mutex_) = 0;  // bytes since the last alarm
  bool done_ ABSL_GUARDED_BY(mutex_) = false;     // OnDone was called; the alarm has the last word
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mutex_);  // null: none is set
};

// Ends a call at once with an error. Deletes itself.
class RefusedImportCall final : public grpc::ServerReadReactor<v1::ImportBundleRequest> {
 public:
  explicit RefusedImportCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace cloister::server
