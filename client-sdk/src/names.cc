// Names of the public enums: one table each.

#include <cstddef>

#include "cloister/object.h"

namespace cloister {
namespace {

template <size_t size>
std::string_view Nth(const std::string_view (&names)[size], size_t number) {
  return number < size && !names[number].empty() ? names[number] : "unknown";
}

constexpr std::string_view kKinds[] = {"", "file", "url", "host", "ip", "software"};
constexpr std::string_view kContexts[] = {"any", "url_host", "sender_domain", "smtp_client", "c2"};
constexpr std::string_view kStatuses[] = {"",        "listed", "not_listed", "not_covered",
                                          "partial", "error"};
constexpr std::string_view kVerdicts[] = {"none",       "malicious", "unwanted",
                                          "suspicious", "trusted",   "known"};
constexpr std::string_view kCategories[] = {"",          "malware",     "phishing",    "scam",
                                            "botnet_c2", "cryptominer", "spam_source", "adware",
                                            "riskware",  "test"};
constexpr std::string_view kScopes[] = {"", "exact", "subtree", "subdomains_only"};
constexpr std::string_view kLayers[] = {"none", "override", "authoritative_feed", "feed"};
constexpr std::string_view kErrors[] = {"none",        "invalid_argument",  "deadline_exceeded",
                                        "unavailable", "permission_denied", "overloaded",
                                        "protocol",    "internal"};

}  // namespace

std::string_view Name(ObjectKind kind) { return Nth(kKinds, static_cast<size_t>(kind)); }
std::string_view Name(Context context) { return Nth(kContexts, static_cast<size_t>(context)); }
std::string_view Name(AnswerStatus status) { return Nth(kStatuses, static_cast<size_t>(status)); }
std::string_view Name(Verdict verdict) { return Nth(kVerdicts, static_cast<size_t>(verdict)); }
std::string_view Name(Category category) { return Nth(kCategories, static_cast<size_t>(category)); }
std::string_view Name(Scope scope) { return Nth(kScopes, static_cast<size_t>(scope)); }
std::string_view Name(Layer layer) { return Nth(kLayers, static_cast<size_t>(layer)); }
std::string_view Name(ErrorKind error) { return Nth(kErrors, static_cast<size_t>(error)); }

}  // namespace cloister
