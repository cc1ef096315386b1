#include "server/admin/import_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/admin/override_request.h"

namespace cloister::server {

ImportCall::ImportCall(grpc::CallbackServerContext* context, v1::ImportBundleResponse* response,
                       Options options)
    : UploadCall(context, options.threads, {options.patience, kMinProgressBytes}),
      response_(response),
      options_(std::move(options)) {
  Start();
}

absl::StatusOr<uint64_t> ImportCall::Take(const v1::ImportBundleRequest& piece) {
  if (piece.has_start()) {
    if (absl::Status begun = Begin(piece.start()); !begun.ok()) return begun;
    return 0;
  }
  if (upload_ == nullptr) {
    return absl::InvalidArgumentError("start: must be set in the first message");
  }
  if (piece.data().empty() || piece.data().size() > kMaxPieceBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "data: ", piece.data().size(), " bytes; a message holds 1 to ", kMaxPieceBytes));
  }
  if (absl::Status kept = upload_->Append(piece.data()); !kept.ok()) return kept;
  return piece.data().size();
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

absl::Status ImportCall::Conclude() {
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
