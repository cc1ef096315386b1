// One call of VerifyFeed: runs on a thread for long calls and streams how far it has come.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "server/updates/update_control.h"

namespace cloister::server {

// Deletes itself when the call is over. The verification ends soon after the caller has gone, or
// its deadline has passed.
class VerifyCall final : public grpc::ServerWriteReactor<v1::VerifyFeedResponse> {
 public:
  struct Options {
    UpdateControl* updates = nullptr;
    std::string feed;
    std::function<absl::Time()> clock;
    std::function<void()> on_end;  // called once, after the verification
  };

  // `context` is that of the call.
  VerifyCall(grpc::CallbackServerContext* context, Options options);

  // Verifies; returns when that is over, which may be before the call is. Call once.
  void Verify();

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  ~VerifyCall() override = default;

  absl::Status Progress(const storage::StoreProgress& progress);
  // Sends `last` after what is on its way, then ends the call. Touch nothing of this after it.
  void End(const absl::Status& status, v1::VerifyFeedResponse last);
  void SendLast();

  grpc::CallbackServerContext* const context_;
  const Options options_;
  absl::Time next_message_ = absl::InfinitePast();  // of the verifying thread
  v1::VerifyFeedResponse message_;  // of the verifying thread, unless it is on its way
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // Set before ended_, then of the thread that ends the call.
  v1::VerifyFeedResponse last_;
  grpc::Status status_;
};

// Ends a call at once with an error. Deletes itself.
class RefusedVerifyCall final : public grpc::ServerWriteReactor<v1::VerifyFeedResponse> {
 public:
  explicit RefusedVerifyCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace cloister::server
