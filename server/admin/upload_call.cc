#include "server/admin/upload_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cloister::server {

void UploadProgress::Start() {
  auto alarm = std::make_unique<grpc::Alarm>();
  absl::MutexLock lock(&mutex_);
  SetAlarm(std::move(alarm));
  StartReading();
}

// With the lock held, so that no alarm ends the call in between; gRPC calls nothing back from here.
void UploadProgress::StartReading() {
  state_ = State::kReading;
  StartReadingPiece();
}

bool UploadProgress::LeaveReading(State next) {
  absl::MutexLock lock(&mutex_);
  if (state_ != State::kReading) return false;
  state_ = next;
  return true;
}

void UploadProgress::ReadDone(bool ok) {
  if (!LeaveReading(ok ? State::kTaking : State::kOver)) return;
  // Disks are slow: not on gRPC's thread.
  if (threads_->Run([this, ok] { Take(ok); })) return;
  MakeOver(absl::ResourceExhaustedError("too many uploads are under way; ask again later"));
}

void UploadProgress::Take(bool is_piece) {
  if (!is_piece) {
    const bool given_up = context_->IsCancelled();
    return MakeOver(given_up ? absl::CancelledError("the upload was given up") : TakeEnd());
  }
  const absl::StatusOr<uint64_t> bytes = TakePiece();
  if (!bytes.ok()) return MakeOver(bytes.status());
  absl::MutexLock lock(&mutex_);
  arrived_ += *bytes;
  StartReading();
}

void UploadProgress::MakeOver(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kOver;
  }
  End(status);
}

void UploadProgress::SetAlarm(std::unique_ptr<grpc::Alarm> alarm) {
  arrived_ = 0;
  alarm_ = std::move(alarm);
  alarm_->Set(absl::ToChronoTime(absl::Now() + pace_.patience), [this](bool) { OnAlarm(); });
}

// Time that this server takes for a piece is not the caller's.
bool UploadProgress::Stalls() { return state_ == State::kReading && arrived_ < pace_.min_bytes; }

void UploadProgress::OnAlarm() {
  // Alarms are made and destroyed without the lock: both take one of gRPC's own, and gRPC holds
  // that one where it calls back while it shuts down.
  std::unique_ptr<grpc::Alarm> next = GoesOn() ? std::make_unique<grpc::Alarm>() : nullptr;
  std::unique_ptr<grpc::Alarm> last;
  bool stalls;
  {
    absl::ReleasableMutexLock lock(&mutex_);
    if (done_) {
      lock.Release();
      delete this;
      return;
    }
    stalls = Stalls();
    last = std::move(alarm_);
    if (stalls) {
      state_ = State::kOver;
    } else if (state_ != State::kOver && next != nullptr) {
      SetAlarm(std::move(next));
    }
  }
  if (!stalls) return;
  MakeOver(absl::DeadlineExceededError(
      absl::StrCat("the upload was given up: less than ", pace_.min_bytes, " bytes arrived in ",
                   absl::FormatDuration(pace_.patience), "; begin anew")));
}

bool UploadProgress::GoesOn() {
  absl::MutexLock lock(&mutex_);
  return !done_ && state_ != State::kOver;
}

// The alarm is set still unless it has just gone off for the last time.
void UploadProgress::Done() {
  std::unique_ptr<grpc::Alarm> alarm;
  {
    absl::MutexLock lock(&mutex_);
    done_ = true;
    alarm = std::move(alarm_);
  }
  if (alarm == nullptr) {
    delete this;
  } else {
    alarm->Cancel();
  }
}

}  // namespace cloister::server
