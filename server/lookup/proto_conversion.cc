#include "server/lookup/proto_conversion.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace cloister::server {
namespace {

template <typename Message>
void SetSoftware(const reputation::Label& label, Message* message) {
  if (label.product.empty() && label.vendor.empty() && label.version.empty()) return;
  v1::SoftwareIdentity* software = message->mutable_software();
  software->set_product(label.product);
  software->set_vendor(label.vendor);
  software->set_version(label.version);
}

template <typename Message>
void SetWords(const reputation::Label& label, Message* message) {
  message->set_threat_name(label.threat_name);
  for (reputation::Category category : label.categories) {
    message->add_categories(ToProto(category));
  }
  SetSoftware(label, message);
}

}  // namespace

absl::StatusOr<reputation::ObjectKind> KindFromProto(v1::ObjectKind kind) {
  switch (kind) {
    case v1::OBJECT_KIND_FILE:
    case v1::OBJECT_KIND_URL:
    case v1::OBJECT_KIND_HOST:
    case v1::OBJECT_KIND_IP:
    case v1::OBJECT_KIND_SOFTWARE:
      return static_cast<reputation::ObjectKind>(kind);
    case v1::OBJECT_KIND_UNSPECIFIED:
      return absl::InvalidArgumentError(
          "object.kind: is not set; set it to FILE, URL, HOST, IP or SOFTWARE");
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "object.kind: ", static_cast<int>(kind),
          " is not a kind that this server knows; it knows FILE, URL, HOST, IP and SOFTWARE"));
  }
}

absl::StatusOr<reputation::Object> ObjectFromProto(const v1::Object& object) {
  absl::StatusOr<reputation::ObjectKind> kind = KindFromProto(object.kind());
  if (!kind.ok()) return kind.status();
  if (object.text().empty()) {
    return absl::InvalidArgumentError("object.text: is empty; give the object to look up");
  }
  absl::StatusOr<reputation::Object> parsed = reputation::Object::Parse(*kind, object.text());
  if (parsed.ok()) return parsed;
  return absl::Status(parsed.status().code(),
                      absl::StrCat("object.text: ", parsed.status().message()));
}

absl::StatusOr<reputation::LookupContext> ContextFromProto(v1::LookupContext context) {
  switch (context) {
    case v1::LOOKUP_CONTEXT_UNSPECIFIED:
    case v1::LOOKUP_CONTEXT_URL_HOST:
    case v1::LOOKUP_CONTEXT_SENDER_DOMAIN:
    case v1::LOOKUP_CONTEXT_SMTP_CLIENT:
    case v1::LOOKUP_CONTEXT_C2:
      return static_cast<reputation::LookupContext>(context);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("context: ", static_cast<int>(context),
                       " is not a context that this server knows; leave it unset, or use "
                       "URL_HOST, SENDER_DOMAIN, SMTP_CLIENT or C2"));
  }
}

absl::StatusOr<reputation::Verdict> VerdictFromProto(v1::Verdict verdict) {
  if (verdict >= v1::VERDICT_MALICIOUS && verdict <= v1::VERDICT_KNOWN) {
    return static_cast<reputation::Verdict>(verdict);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("verdict: ", static_cast<int>(verdict),
                   " is not a verdict; use MALICIOUS, UNWANTED, SUSPICIOUS, TRUSTED or KNOWN"));
}

absl::StatusOr<reputation::Scope> ScopeFromProto(v1::Scope scope) {
  switch (scope) {
    case v1::SCOPE_UNSPECIFIED:
    case v1::SCOPE_EXACT:
      return reputation::Scope::kExact;
    case v1::SCOPE_SUBTREE:
      return reputation::Scope::kSubtree;
    case v1::SCOPE_SUBDOMAINS_ONLY:
      return reputation::Scope::kSubdomainsOnly;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("scope: ", static_cast<int>(scope),
                       " is not a scope; use EXACT, SUBTREE or SUBDOMAINS_ONLY"));
  }
}

v1::ObjectKind ToProto(reputation::ObjectKind kind) { return static_cast<v1::ObjectKind>(kind); }

v1::AnswerStatus ToProto(reputation::AnswerStatus status) {
  return static_cast<v1::AnswerStatus>(status);
}

v1::Verdict ToProto(reputation::Verdict verdict) { return static_cast<v1::Verdict>(verdict); }

v1::Scope ToProto(reputation::Scope scope) {
  return static_cast<v1::Scope>(static_cast<int>(scope) + 1);
}

v1::LayerKind ToProto(reputation::LayerKind kind) {
  switch (kind) {
    case reputation::LayerKind::kOverride:
      return v1::LAYER_KIND_OVERRIDE;
    case reputation::LayerKind::kAuthoritative:
      return v1::LAYER_KIND_AUTHORITATIVE_FEED;
    case reputation::LayerKind::kFeed:
      return v1::LAYER_KIND_FEED;
  }
  return v1::LAYER_KIND_UNSPECIFIED;
}

v1::Category ToProto(reputation::Category category) { return static_cast<v1::Category>(category); }

void SetTimestamp(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t micros = absl::ToUnixMicros(time);
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds towards the infinite past
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>((micros - seconds * 1'000'000) * 1000));
}

void SetRecord(const reputation::Record& record, v1::Match* match) {
  if (!record.excluded) match->set_verdict(ToProto(record.verdict));
  match->set_confidence(record.confidence);
  match->set_prevalence_log2(record.prevalence);
  match->set_scope(ToProto(record.scope));
  if (record.first_seen_days != 0) SetTimestamp(record.first_seen(), match->mutable_first_seen());
  if (record.last_seen_days != 0) SetTimestamp(record.last_seen(), match->mutable_last_seen());
  if (record.valid_until_hours != 0) {
    SetTimestamp(record.valid_until(), match->mutable_valid_until());
  }
}

void SetLabel(const reputation::Label& label, v1::Match* match) { SetWords(label, match); }

void SetLabel(const reputation::Label& label, v1::BatchLookupResponse::Label* out) {
  SetWords(label, out);
}

}  // namespace cloister::server
