#include "reputation/verdict.h"

#include "reputation/names.h"

namespace cloister::reputation {
namespace {

using internal::Named;
using internal::NameOf;
using internal::ValueOf;

constexpr Named<Verdict> kVerdicts[] = {
    {Verdict::kMalicious, "malicious"},   {Verdict::kUnwanted, "unwanted"},
    {Verdict::kSuspicious, "suspicious"}, {Verdict::kTrusted, "trusted"},
    {Verdict::kKnown, "known"},
};

constexpr Named<AnswerStatus> kAnswerStatuses[] = {
    {AnswerStatus::kListed, "listed"},
    {AnswerStatus::kNotListed, "not_listed"},
    {AnswerStatus::kNotCovered, "not_covered"},
    {AnswerStatus::kPartial, "partial"},
    {AnswerStatus::kError, "error"},
};

constexpr Named<Scope> kScopes[] = {
    {Scope::kExact, "exact"},
    {Scope::kSubtree, "subtree"},
    {Scope::kSubdomainsOnly, "subdomains_only"},
};

constexpr Named<LookupContext> kContexts[] = {
    {LookupContext::kAny, "any"},
    {LookupContext::kUrlHost, "url_host"},
    {LookupContext::kSenderDomain, "sender_domain"},
    {LookupContext::kSmtpClient, "smtp_client"},
    {LookupContext::kC2, "c2"},
};

constexpr Named<Category> kCategories[] = {
    {Category::kMalware, "malware"},
    {Category::kPhishing, "phishing"},
    {Category::kScam, "scam"},
    {Category::kBotnetC2, "botnet_c2"},
    {Category::kCryptominer, "cryptominer"},
    {Category::kSpamSource, "spam_source"},
    {Category::kAdware, "adware"},
    {Category::kRiskware, "riskware"},
    {Category::kTest, "test"},
};

}  // namespace

absl::string_view VerdictName(Verdict verdict) { return NameOf(kVerdicts, verdict); }
std::optional<Verdict> VerdictFromName(absl::string_view name) { return ValueOf(kVerdicts, name); }

absl::string_view AnswerStatusName(AnswerStatus status) { return NameOf(kAnswerStatuses, status); }

absl::string_view ScopeName(Scope scope) { return NameOf(kScopes, scope); }
std::optional<Scope> ScopeFromName(absl::string_view name) { return ValueOf(kScopes, name); }

absl::string_view LookupContextName(LookupContext context) { return NameOf(kContexts, context); }
std::optional<LookupContext> LookupContextFromName(absl::string_view name) {
  return ValueOf(kContexts, name);
}

absl::string_view CategoryName(Category category) { return NameOf(kCategories, category); }
std::optional<Category> CategoryFromName(absl::string_view name) {
  return ValueOf(kCategories, name);
}

}  // namespace cloister::reputation
