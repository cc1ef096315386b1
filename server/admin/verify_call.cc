#include "server/admin/verify_call.h"

#include <utility>

#include "server/auth/authorizer.h"

namespace cloister::server {
namespace {

constexpr absl::Duration kBetweenMessages = absl::Milliseconds(250);

void SetResult(const storage::VerifyReport& report, v1::VerifyFeedResult* out) {
  out->set_packs(report.packs);
  out->set_bytes(report.bytes);
  out->set_entries(report.entries);
  for (const std::string& pack : report.rotten_packs) out->add_rotten_packs(pack);
  out->set_sound(report.rotten_packs.empty() && report.served.ok());
  if (!report.served.ok()) out->set_message(std::string(report.served.message()));
}

}  // namespace

VerifyCall::VerifyCall(grpc::CallbackServerContext* context, Options options)
    : context_(context), options_(std::move(options)) {}

void VerifyCall::Verify() {
  absl::StatusOr<storage::VerifyReport> report =
      absl::CancelledError("the caller has given up before its turn came");
  if (!context_->IsCancelled()) {
    report = options_.updates->Verify(
        options_.feed,
        [this](const storage::StoreProgress& progress) { return Progress(progress); });
  }
  options_.on_end();
  v1::VerifyFeedResponse last;
  if (report.ok()) SetResult(*report, last.mutable_result());
  End(report.status(), std::move(last));
}

absl::Status VerifyCall::Progress(const storage::StoreProgress& progress) {
  if (context_->IsCancelled()) return absl::CancelledError("the caller has given up");
  const absl::Time now = options_.clock();
  // A clock set back must not silence it.
  if (now < next_message_ && next_message_ - now <= kBetweenMessages) return absl::OkStatus();
  next_message_ = now + kBetweenMessages;
  {
    absl::MutexLock lock(&mutex_);
    if (writing_) return absl::OkStatus();  // the caller reads slower than this
    writing_ = true;
  }
  message_.set_doing(progress.doing);
  message_.set_done(progress.done);
  message_.set_total(progress.total);
  StartWrite(&message_);
  return absl::OkStatus();
}

void VerifyCall::End(const absl::Status& status, v1::VerifyFeedResponse last) {
  last_ = std::move(last);
  status_ = ToGrpcStatus(status);
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    if (writing_) return;  // OnWriteDone goes on
  }
  SendLast();
}

void VerifyCall::SendLast() {
  if (!status_.ok()) return Finish(status_);
  StartWriteAndFinish(&last_, grpc::WriteOptions(), grpc::Status::OK);
}

void VerifyCall::OnWriteDone(bool) {
  {
    absl::MutexLock lock(&mutex_);
    if (!writing_) return;  // the last message, which ends the call by itself
    writing_ = false;
    if (!ended_) return;
  }
  SendLast();
}

}  // namespace cloister::server
