#include "server/admin/override_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "reputation/object.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

using reputation::LookupForm;
using reputation::LookupKey;
using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;

constexpr size_t kMaxReasonBytes = 1024;
// Beyond ten years a duration is a slip of the pen.
constexpr absl::Duration kMaxValidity = absl::Hours(10 * 366 * 24);
// Lists say "never" as 2099-12-31. A record keeps hours since 1970 in 24 bits, beyond the year
// 3800.
constexpr int64_t kYear3000_s = 32'503'680'000;

// A network wider than the largest that anyone was given would decide for strangers.
constexpr int kWidestIpv4Prefix = 8;
constexpr int kWidestIpv6Prefix = 16;

absl::Status Invalid(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_iscntrl(c); });
}

absl::StatusOr<OverrideTarget> ParsePrefix(const std::string& text) {
  absl::StatusOr<reputation::IpPrefix> prefix =
      reputation::IpPrefix::Parse(absl::StripAsciiWhitespace(text));
  if (!prefix.ok()) return Invalid("object.text", prefix.status().message());
  const bool is_prefix = prefix->length() < prefix->address().bits();
  return OverrideTarget{.key = LookupKey::ForIpPrefix(*prefix),
                        .kind = ObjectKind::kIp,
                        .text = is_prefix ? prefix->ToString() : prefix->address().ToString(),
                        .is_prefix = is_prefix};
}

absl::Status SharedName(const std::string& name) {
  return Invalid("object.text", absl::StrCat("\"", name,
                                             "\" is a public suffix, which strangers share; give a "
                                             "name below it"));
}

absl::Status CheckReach(const OverrideTarget& target) {
  if (target.kind == ObjectKind::kHost && reputation::IsPublicSuffix(target.text)) {
    return SharedName(target.text);
  }
  if (!target.is_prefix) return absl::OkStatus();
  const absl::StatusOr<reputation::IpPrefix> prefix = reputation::IpPrefix::Parse(target.text);
  if (!prefix.ok()) return prefix.status();
  const int widest = prefix->address().is_v4() ? kWidestIpv4Prefix : kWidestIpv6Prefix;
  if (prefix->length() >= widest) return absl::OkStatus();
  return Invalid("object.text",
                 absl::StrCat(target.text, " is wider than /", widest,
                              ", a slip of the pen as a rule; give the networks that are meant"));
}

// What is below "github.io/" are the pages of all who are there.
absl::Status CheckUrlSubtree(const std::string& url) {
  const std::string host = url.substr(0, url.find_first_of(":/"));
  return reputation::IsPublicSuffix(host) ? SharedName(host) : absl::OkStatus();
}

// FILE records name one file; only hosts have something below them that is not themselves.
absl::Status CheckScope(Scope scope, const OverrideTarget& target) {
  if (scope == Scope::kSubtree && target.kind == ObjectKind::kFile) {
    return Invalid("scope", "nothing is below a file; use EXACT");
  }
  if (scope == Scope::kSubtree && target.key.form() == LookupForm::kSoftwareSigner) {
    return Invalid("scope", "nothing is below a signer; use EXACT");
  }
  if (scope == Scope::kSubtree && target.kind == ObjectKind::kUrl) {
    return CheckUrlSubtree(target.text);
  }
  if (scope == Scope::kSubdomainsOnly && target.kind != ObjectKind::kHost) {
    return Invalid("scope", "SUBDOMAINS_ONLY is for hosts; use EXACT or SUBTREE");
  }
  return absl::OkStatus();
}

absl::Status CheckVerdict(Verdict verdict, const OverrideTarget& target) {
  const LookupForm form = target.key.form();
  const bool weak = form == LookupForm::kFileSha1 || form == LookupForm::kFileMd5;
  if (!weak || verdict != Verdict::kTrusted) return absl::OkStatus();
  return Invalid("verdict",
                 "TRUSTED is refused for SHA-1 and MD5 digests, for which other files can be "
                 "made; give the file's SHA-256");
}

absl::Status ReadValidity(const v1::Override& wanted, absl::Time now, reputation::Record* record) {
  if (!wanted.has_valid_until()) return absl::OkStatus();
  const auto& stamp = wanted.valid_until();
  const absl::Time until =
      absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
  if (until <= now) {
    return Invalid("valid_until", "has passed; leave the override out, or let it hold for longer");
  }
  if (until >= absl::FromUnixSeconds(kYear3000_s)) {
    return Invalid("valid_until", "lies after the year 2999; leave it unset to hold until deleted");
  }
  record->valid_until_hours = reputation::HoursSinceEpoch(until);
  return absl::OkStatus();
}

absl::Status ReadLabel(const v1::Override& wanted, reputation::Label* label) {
  if (wanted.threat_name().size() > reputation::kMaxLabelTextBytes) {
    return Invalid("threat_name",
                   absl::StrCat("is longer than ", reputation::kMaxLabelTextBytes, " bytes"));
  }
  if (HasControlCharacter(wanted.threat_name())) {
    return Invalid("threat_name", "holds a control character");
  }
  label->threat_name = wanted.threat_name();
  for (const int number : wanted.categories()) {
    if (number == v1::CATEGORY_UNSPECIFIED || !v1::Category_IsValid(number)) {
      return Invalid("categories", absl::StrCat(number, " is none that this server knows"));
    }
    label->categories.push_back(static_cast<reputation::Category>(number));
  }
  std::sort(label->categories.begin(), label->categories.end());
  label->categories.erase(std::unique(label->categories.begin(), label->categories.end()),
                          label->categories.end());
  return absl::OkStatus();
}

absl::Status ReadConfidenceAndContexts(const v1::Override& wanted, reputation::Record* record) {
  if (wanted.confidence() > 100) {
    return Invalid("confidence", absl::StrCat(wanted.confidence(), " is not 0 to 100"));
  }
  record->confidence = static_cast<uint8_t>(wanted.confidence());
  for (const int number : wanted.applies_to()) {
    absl::StatusOr<reputation::LookupContext> context =
        ContextFromProto(static_cast<v1::LookupContext>(number));
    if (!context.ok() || *context == reputation::LookupContext::kAny) {
      return Invalid("applies_to",
                     "is limited to a context that this server does not know; leave "
                     "it empty for all of them");
    }
    record->applies_to |= reputation::ContextBit(*context);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OverrideTarget> ParseOverrideTarget(const v1::Object& object) {
  if (object.kind() == v1::OBJECT_KIND_IP && absl::StrContains(object.text(), "/")) {
    return ParsePrefix(object.text());
  }
  absl::StatusOr<reputation::Object> parsed = ObjectFromProto(object);
  if (!parsed.ok()) return parsed.status();
  std::string text = parsed->ToString();
  const reputation::LookupKeys keys = parsed->Keys(/*with_expressions=*/false);
  if (keys.keys.empty()) return Invalid("object.text", "has no lookup key of its own");
  return OverrideTarget{.key = keys.keys.front(), .kind = parsed->kind(), .text = std::move(text)};
}

absl::Status CheckReason(absl::string_view reason) {
  if (absl::StripAsciiWhitespace(reason).empty()) {
    return Invalid("reason", "is empty; say why, for the audit trail");
  }
  if (reason.size() > kMaxReasonBytes) {
    return Invalid("reason", absl::StrCat("has ", reason.size(), " bytes; at most ",
                                          kMaxReasonBytes, " are kept"));
  }
  if (HasControlCharacter(reason)) {
    return Invalid("reason", "holds a control character; write it on one line");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Override> WantedOverride(const v1::SetOverrideRequest& request, absl::Time now) {
  v1::Override wanted;
  *wanted.mutable_object() = request.object();
  wanted.set_verdict(request.verdict());
  wanted.set_scope(request.scope());
  wanted.set_threat_name(request.threat_name());
  *wanted.mutable_categories() = request.categories();
  wanted.set_confidence(request.confidence());
  *wanted.mutable_applies_to() = request.applies_to();
  const auto& valid_for = request.valid_for();
  if (valid_for.seconds() == 0 && valid_for.nanos() == 0) return wanted;
  if (valid_for.seconds() < 0 || valid_for.nanos() < 0 || valid_for.nanos() > 999'999'999) {
    return Invalid("valid_for", "is not a positive duration; leave it unset to hold until deleted");
  }
  const absl::Duration duration =
      absl::Seconds(valid_for.seconds()) + absl::Nanoseconds(valid_for.nanos());
  if (duration > kMaxValidity) {
    return Invalid("valid_for", "is longer than ten years; leave it unset to hold until deleted");
  }
  SetTimestamp(now + absl::Ceil(duration, absl::Seconds(1)), wanted.mutable_valid_until());
  return wanted;
}

absl::StatusOr<storage::Override> ParseOverride(const v1::Override& wanted,
                                                const OverrideTarget& target,
                                                const OverrideAuthor& author) {
  absl::StatusOr<Verdict> verdict = VerdictFromProto(wanted.verdict());
  if (!verdict.ok()) return verdict.status();
  absl::StatusOr<Scope> scope = ScopeFromProto(wanted.scope());
  if (!scope.ok()) return scope.status();
  // Not where targets are parsed: what was set before it was refused can still be deleted.
  if (absl::Status s = CheckReach(target); !s.ok()) return s;
  if (absl::Status s = CheckScope(*scope, target); !s.ok()) return s;
  if (absl::Status s = CheckVerdict(*verdict, target); !s.ok()) return s;
  storage::Override value;
  value.record.verdict = *verdict;
  value.record.scope = target.is_prefix ? Scope::kSubtree : *scope;
  if (absl::Status s = ReadValidity(wanted, author.now, &value.record); !s.ok()) return s;
  if (absl::Status s = ReadConfidenceAndContexts(wanted, &value.record); !s.ok()) return s;
  if (absl::Status s = ReadLabel(wanted, &value.label); !s.ok()) return s;
  value.kind = target.kind;
  value.text = target.text;
  value.reason = author.reason;
  value.actor = author.actor;
  value.set_at = author.now;
  return value;
}

void SetOverrideProto(const storage::Override& value, v1::Override* out) {
  out->mutable_object()->set_kind(ToProto(value.kind));
  out->mutable_object()->set_text(value.text);
  out->set_verdict(ToProto(value.record.verdict));
  out->set_scope(ToProto(value.record.scope));
  out->set_reason(value.reason);
  out->set_actor(value.actor);
  SetTimestamp(value.set_at, out->mutable_set_at());
  if (value.record.valid_until_hours != 0) {
    SetTimestamp(value.record.valid_until(), out->mutable_valid_until());
  }
  out->set_threat_name(value.label.threat_name);
  for (const reputation::Category category : value.label.categories) {
    out->add_categories(ToProto(category));
  }
  out->set_confidence(value.record.confidence);
  for (int context = v1::LookupContext_MIN; context <= v1::LookupContext_MAX; ++context) {
    const uint8_t bit = reputation::ContextBit(static_cast<reputation::LookupContext>(context));
    if (v1::LookupContext_IsValid(context) && (value.record.applies_to & bit) != 0) {
      out->add_applies_to(static_cast<v1::LookupContext>(context));
    }
  }
}

}  // namespace cloister::server
