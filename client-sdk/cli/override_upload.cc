#include "client-sdk/cli/override_upload.h"

#include <utility>

namespace cloister::cli {
namespace {

constexpr int kMaxBatch = 10'000;
constexpr size_t kMaxBatchBytes = 192 << 10;  // fits, however small [limits] max_message_bytes is
constexpr size_t kEnvelopeBytes = 4;          // tag and length of one override

absl::Status EndedByServer() { return absl::AbortedError("the server has ended the import"); }

}  // namespace

OverrideUpload::OverrideUpload(v1::AdminService::Stub* admin, Session* session,
                               const v1::ImportOverridesStart& start)
    : session_(session) {
  context_.set_deadline(client::Deadline::In(session->long_timeout()).ForGrpc());
  stream_ = admin->ImportOverrides(&context_, &response_);
  v1::ImportOverridesRequest first;
  *first.mutable_start() = start;
  // Where it cannot be written, Finish says why.
  stream_->Write(first);
}

absl::Status OverrideUpload::Add(v1::Override one) {
  const size_t bytes = one.ByteSizeLong() + kEnvelopeBytes;
  if (batch_bytes_ + bytes > kMaxBatchBytes && batch_bytes_ > 0) {
    if (absl::Status sent = Send(); !sent.ok()) return sent;
  }
  batch_bytes_ += bytes;
  *batch_.mutable_batch()->add_overrides() = std::move(one);
  return batch_.batch().overrides_size() < kMaxBatch ? absl::OkStatus() : Send();
}

absl::Status OverrideUpload::Send() {
  if (batch_bytes_ == 0) return absl::OkStatus();
  if (!stream_->Write(batch_)) return EndedByServer();
  sent_ += static_cast<uint64_t>(batch_.batch().overrides_size());
  batch_.mutable_batch()->Clear();
  batch_bytes_ = 0;
  session_->progress().Show("overrides sent", sent_, 0);
  return absl::OkStatus();
}

bool OverrideUpload::Finish(bool complete, v1::ImportOverridesResponse* response, ExitCode* code) {
  if (complete) Send().IgnoreError();  // Finish says why
  stream_->WritesDone();
  const grpc::Status status = stream_->Finish();
  session_->progress().Clear();
  *response = response_;
  return session_->Succeeded(status, code);
}

}  // namespace cloister::cli
