#include "server/admin/import_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/admin/override_request.h"

namespace cloister::server {

ImportCall::ImportCall(grpc::CallbackServerContext* context, v1::ImportBundleResponse* response,
                       Options options)
    : context_(context), response_(response), options_(std::move(options)) {
  StartRead(&piece_);
}

void ImportCall::OnReadDone(bool ok) {
  // Disks are slow: not on gRPC's thread.
  const bool taken = options_.threads->Run([this, ok] { ok ? TakePiece() : TakeEnd(); });
  if (!taken) {
    Finish(ToGrpcStatus(
        absl::ResourceExhaustedError("too many uploads are under way; ask again later")));
  }
}

void ImportCall::TakePiece() {
  const absl::Status taken = Take(piece_);
  if (taken.ok()) return StartRead(&piece_);
  upload_.reset();
  Finish(ToGrpcStatus(taken));
}

void ImportCall::TakeEnd() {
  absl::Status status =
      context_->IsCancelled() ? absl::CancelledError("the upload was given up") : Publish();
  upload_.reset();
  Finish(ToGrpcStatus(status));
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
  absl::Status audited = options_.store->AppendAudit(
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
