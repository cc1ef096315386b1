#include "server/admin/override_import_call.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/utf8.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

constexpr size_t kMaxSourceBytes = 1024;
constexpr size_t kShownTextBytes = 120;

// At most `max_bytes` of it, cut at a character's end.
absl::string_view Cut(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (text[max_bytes] & 0xc0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes);
}

// "host "co.uk"", for people; cut where it is long.
std::string Shown(const v1::Object& object) {
  const bool long_text = object.text().size() > kShownTextBytes;
  const absl::StatusOr<reputation::ObjectKind> kind = KindFromProto(object.kind());
  return absl::StrCat(kind.ok() ? reputation::ObjectKindName(*kind) : "object", " \"",
                      absl::Utf8SafeCEscape(Cut(object.text(), kShownTextBytes)),
                      long_text ? "…" : "", "\"");
}

}  // namespace

OverrideImportCall::OverrideImportCall(grpc::CallbackServerContext* context,
                                       v1::ImportOverridesResponse* response, Options options)
    : UploadCall(context, options.threads, {.patience = options.patience}),
      response_(response),
      options_(std::move(options)) {
  Start();
}

absl::StatusOr<uint64_t> OverrideImportCall::Take(const v1::ImportOverridesRequest& piece) {
  const absl::Status taken = piece.has_start() ? Begin(piece.start()) : TakeBatch(piece.batch());
  if (!taken.ok()) return taken;
  return piece.ByteSizeLong();
}

absl::Status OverrideImportCall::Begin(const v1::ImportOverridesStart& start) {
  if (begun_) return absl::InvalidArgumentError("start: is in the first message only");
  if (absl::Status s = CheckReason(start.reason()); !s.ok()) return s;
  if (start.source().size() > kMaxSourceBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("source: is longer than ", kMaxSourceBytes, " bytes"));
  }
  begun_ = true;
  start_ = start;
  return absl::OkStatus();
}

absl::Status OverrideImportCall::TakeBatch(const v1::ImportOverridesBatch& batch) {
  if (!begun_) return absl::InvalidArgumentError("start: must be set in the first message");
  if (batch.overrides().empty() || batch.overrides_size() > kMaxBatch) {
    return absl::InvalidArgumentError(absl::StrCat("batch.overrides: ", batch.overrides_size(),
                                                   " of them; a batch holds 1 to ", kMaxBatch));
  }
  if (taken_ + static_cast<uint64_t>(batch.overrides_size()) > options_.max_overrides) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an import holds at most ", options_.max_overrides,
                     " overrides, and what came until then is set; a list as long as this is "
                     "better published as a feed of its own (cloister-publish)"));
  }
  const OverrideAuthor author{options_.caller.name, start_.reason(), options_.clock()};
  std::vector<storage::KeyedOverride> overrides;
  overrides.reserve(static_cast<size_t>(batch.overrides_size()));
  for (const v1::Override& wanted : batch.overrides()) {
    absl::StatusOr<OverrideTarget> target = ParseOverrideTarget(wanted.object());
    absl::StatusOr<storage::Override> value =
        target.ok() ? ParseOverride(wanted, *target, author) : target.status();
    if (value.ok()) {
      overrides.emplace_back(target->key, *std::move(value));
    } else {
      Refuse(wanted, value.status());
    }
    ++taken_;
  }
  return Write(overrides, author.now);
}

absl::Status OverrideImportCall::Write(const std::vector<storage::KeyedOverride>& overrides,
                                       absl::Time now) {
  if (overrides.empty()) return absl::OkStatus();
  if (!start_.validate_only()) {
    const std::string source =
        start_.source().empty() ? "" : absl::StrCat(" of ", absl::Utf8SafeCEscape(start_.source()));
    const storage::AuditEvent event{
        now, options_.caller.name, "override.import",
        absl::StrCat("batch ", batches_ + 1, source, "; ", start_.reason())};
    absl::StatusOr<uint64_t> generation = options_.store->SetOverrides(overrides, event);
    if (!generation.ok()) return generation.status();
    response_->set_generation(*generation);
    ++batches_;
  }
  response_->set_set(response_->set() + overrides.size());
  return absl::OkStatus();
}

void OverrideImportCall::Refuse(const v1::Override& wanted, const absl::Status& why) {
  response_->set_refused(response_->refused() + 1);
  if (response_->refusals_size() >= kMaxRefusals) return;
  v1::RefusedOverride* refusal = response_->add_refusals();
  refusal->set_index(taken_);
  const std::string message = absl::StrCat(
      Shown(wanted.object()), ": ", absl::Utf8SafeCEscape(Cut(why.message(), kMaxRefusalBytes)));
  // Else the whole answer could not be read.
  refusal->set_message(reputation::IsUtf8(message) ? message : absl::CEscape(message));
}

absl::Status OverrideImportCall::Conclude() {
  if (begun_) return absl::OkStatus();
  return absl::InvalidArgumentError("start: must be set in the first message");
}

}  // namespace cloister::server
