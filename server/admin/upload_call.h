// A call in which the client streams: from gRPC's threads to threads for long calls, one message
// at a time. One that stalls, or arrives byte by byte, is ended.

#pragma once

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/admin/long_calls.h"
#include "server/auth/authorizer.h"

namespace cloister::server {

// How long a client may take for how much.
struct UploadPace {
  absl::Duration patience;
  uint64_t min_bytes = 1;  // that have to arrive in that time
};

// What does not depend on the messages. Thread-safe.
class UploadProgress {
 public:
  UploadProgress(grpc::CallbackServerContext* context, LongCalls* threads, UploadPace pace)
      : context_(context), threads_(threads), pace_(pace) {}
  UploadProgress(const UploadProgress&) = delete;
  UploadProgress& operator=(const UploadProgress&) = delete;

 protected:
  virtual ~UploadProgress() = default;

  void Start();
  void ReadDone(bool ok);
  // Deletes this, now or when the alarm has gone off for the last time.
  void Done();

 private:
  // What comes next; once it is kOver nothing more is done but to wait for Done().
  enum class State { kReading, kTaking, kOver };

  virtual void StartReadingPiece() = 0;
  virtual absl::StatusOr<uint64_t> TakePiece() = 0;
  virtual absl::Status TakeEnd() = 0;
  virtual void End(const absl::Status& status) = 0;

  // From kReading to `next`; false if the call is over.
  bool LeaveReading(State next);
  void StartReading() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Looks again after a while whether enough has arrived.
  void SetAlarm(std::unique_ptr<grpc::Alarm> alarm) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnAlarm();
  // Whether the call may still need another alarm.
  bool GoesOn();
  bool Stalls() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // On a thread for long calls.
  void Take(bool is_piece);
  // Nothing of this may be touched after it.
  void MakeOver(const absl::Status& status);

  grpc::CallbackServerContext* const context_;
  LongCalls* const threads_;
  const UploadPace pace_;

  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kReading;
  uint64_t arrived_ ABSL_GUARDED_BY(mutex_) = 0;  // bytes since the last alarm
  bool done_ ABSL_GUARDED_BY(mutex_) = false;     // Done() was called; the alarm has the last word
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mutex_);  // null: none is set
};

// Deletes itself when the call is over. What derives from it calls Start() once it is made.
template <typename Request>
class UploadCall : public grpc::ServerReadReactor<Request>, protected UploadProgress {
 public:
  // `threads` must outlive the call; `context` is the call's.
  using UploadProgress::UploadProgress;

  void OnReadDone(bool ok) final { ReadDone(ok); }
  void OnDone() final { Done(); }

 protected:
  ~UploadCall() override = default;

  // Both on a thread for long calls, one after the other. Take() says how many bytes have arrived;
  // an error ends the call.
  virtual absl::StatusOr<uint64_t> Take(const Request& piece) = 0;
  // All has come; the response is sent afterwards.
  virtual absl::Status Conclude() = 0;
  // The call is over, well or not, and nothing is taken any more.
  virtual void LetGo() {}

 private:
  void StartReadingPiece() final { this->StartRead(&piece_); }
  absl::StatusOr<uint64_t> TakePiece() final { return Take(piece_); }
  absl::Status TakeEnd() final { return Conclude(); }
  void End(const absl::Status& status) final {
    LetGo();
    this->Finish(ToGrpcStatus(status));
  }

  Request piece_;
};

// Ends a call at once with an error. Deletes itself.
template <typename Request>
class RefusedUploadCall final : public grpc::ServerReadReactor<Request> {
 public:
  explicit RefusedUploadCall(const absl::Status& status) { this->Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace cloister::server
