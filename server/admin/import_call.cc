#include "server/admin/import_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/admin/override_request.h"

namespace cloister::server {

ImportCall::ImportCall(grpc::CallbackServerContext* context, v1::ImportBundleResponse* response,
                       Options options)
    : context_(context), response_(response), options_(std::move(options)) {
  absl::MutexLock lock(&mutex_);
  SetAlarm();
  StartReading();
}

// With the lock held, so that no alarm ends the call in between; gRPC calls nothing back from here.
void ImportCall::StartReading() {
  state_ = State::kReading;
  StartRead(&piece_);
}

bool ImportCall::LeaveReading(State next) {
  absl::MutexLock lock(&mutex_);
  if (state_ != State::kReading) return false;
  state_ = next;
  return true;
}

void ImportCall::OnReadDone(bool ok) {
  if (!LeaveReading(ok ? State::kTaking : State::kOver)) return;
  // Disks are slow: not on gRPC's thread.
  const bool taken = options_.threads->Run([this, ok] { ok ? TakePiece() : TakeEnd(); });
  if (!taken) {
    End(absl::ResourceExhaustedError("too many uploads are under way; ask again later"));
  }
}

void ImportCall::TakePiece() {
  const absl::Status taken = Take(piece_);
  if (!taken.ok()) return End(taken);
  absl::MutexLock lock(&mutex_);
  arrived_ += piece_.data().size();
  StartReading();
}

void ImportCall::TakeEnd() {
  End(context_->IsCancelled() ? absl::CancelledError("the upload was given up") : Publish());
}

void ImportCall::End(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kOver;
  }
  upload_.reset();
  Finish(ToGrpcStatus(status));
}

void ImportCall::SetAlarm() {
  arrived_ = 0;
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(absl::ToChronoTime(absl::Now() + options_.patience), [this](bool) { OnAlarm(); });
}

// Time that this server takes for a piece is not the caller's.
bool ImportCall::Stalls() { return state_ == State::kReading && arrived_ < kMinProgressBytes; }

void ImportCall::OnAlarm() {
  bool stalls;
  {
    absl::ReleasableMutexLock lock(&mutex_);
    if (done_) {
      lock.Release();
      delete this;
      return;
    }
    stalls = Stalls();
    alarm_.reset();
    if (stalls) {
      state_ = State::kOver;
    } else if (state_ != State::kOver) {
      SetAlarm();
    }
  }
  if (!stalls) return;
  End(absl::DeadlineExceededError(
      absl::StrCat("the upload was given up: less than ", kMinProgressBytes, " bytes arrived in ",
                   absl::FormatDuration(options_.patience), "; begin anew")));
}

// The alarm is set still unless it has just gone off for the last time.
void ImportCall::OnDone() {
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

absl::Status ImportCall::Take(const v1::ImportBundleRequest& piece) {
  if (piece.has_start()) return Begin(piece.start());
  if (upload_ == nullptr) {
    return absl::InvalidArgumentError("start: must be set in the first message");
  }
  if (piece.data().empty() || piece.data().size() > kMaxPieceBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "data: ", piece.data().size(), " bytes; a message holds 1 to ", kMaxPieceBytes));
  }
  return upload_->Append(piece.data());
}

absl::Status ImportCall::Begin(const v1::ImportBundleStart& start) {
  if (upload_ != nullptr) {
    return absl::InvalidArgumentError("start: is in the first message only");
  }
  if (absl::Status s = CheckReason(start.reason()); !s.ok()) return s;
  absl::StatusOr<std::unique_ptr<BundleInbox::Upload>> upload =
      options_.inbox->Begin(start.bytes());
  if (!upload.ok()) return upload.status();
  reason_ = start.reason();
  upload_ = *std::move(upload);
  return absl::OkStatus();
}

absl::Status ImportCall::Publish() {
  if (upload_ == nullptr) {
    return absl::InvalidArgumentError("start: must be set in the first message");
  }
  absl::StatusOr<std::string> sha256 = upload_->Finish();
  if (!sha256.ok()) return sha256.status();
  // Before it appears: what cloister-sync imports is in the trail, whatever happens here.
  absl::Status audited = options_.audit(
      {.at = options_.clock(),
       .actor = options_.caller.name,
       .action = "bundle.import",
       .detail = absl::StrCat("sha256 ", *sha256, ", ", upload_->bytes(), " bytes: ", reason_)});
  if (!audited.ok()) return audited;
  absl::StatusOr<std::string> name = upload_->Publish();
  if (!name.ok()) return name.status();
  response_->set_name(*name);
  response_->set_sha256(*sha256);
  return absl::OkStatus();
}

}  // namespace cloister::server
