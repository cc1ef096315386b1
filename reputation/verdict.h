// The words an answer is made of. Numbers are stored in packs and sent over the wire: never
// renumber. Each enum has the names that operators read and feeds write.

#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace cloister::reputation {

// What a record says. Lower numbers outrank higher ones among feeds.
enum class Verdict : uint8_t {
  kMalicious = 1,
  kUnwanted = 2,  // potentially unwanted: adware, riskware
  kSuspicious = 3,
  kTrusted = 4,
  kKnown = 5,  // identity known, no judgement (what NSRL or a package index is)
};

// Whether a lookup was answered. "Nothing known" is an answer and never an error.
enum class AnswerStatus : uint8_t {
  kListed = 1,      // a record answered
  kNotListed = 2,   // covered by a feed, nothing known
  kNotCovered = 3,  // no feed declares this kind or digest algorithm
  kPartial = 4,     // nothing found, and part of the data cannot be read just now
  kError = 5,
};

// How far below the listed object a record answers.
enum class Scope : uint8_t {
  kExact = 0,           // the listed object only
  kSubtree = 1,         // the listed object and everything below it
  kSubdomainsOnly = 2,  // hosts below the listed name, not the name itself (RPZ "*.x")
};

// Where the caller met the object; a record may be limited to some contexts.
enum class LookupContext : uint8_t {
  kAny = 0,
  kUrlHost = 1,       // the host part of a URL
  kSenderDomain = 2,  // envelope or header sender
  kSmtpClient = 3,    // the connecting mail host
  kC2 = 4,            // destination of a network connection (botnet command and control)
};

// What kind of threat. Readers ignore numbers they do not know.
enum class Category : uint8_t {
  kMalware = 1,
  kPhishing = 2,
  kScam = 3,
  kBotnetC2 = 4,
  kCryptominer = 5,
  kSpamSource = 6,
  kAdware = 7,
  kRiskware = 8,
  kTest = 9,  // published for testing defences, harmless
};

// Lower-case names with underscores: "malicious", "not_listed", "subdomains_only", "url_host",
// "botnet_c2" … FromName takes exactly those and returns nothing for any other text.
absl::string_view VerdictName(Verdict verdict);
std::optional<Verdict> VerdictFromName(absl::string_view name);
absl::string_view AnswerStatusName(AnswerStatus status);
absl::string_view ScopeName(Scope scope);
std::optional<Scope> ScopeFromName(absl::string_view name);
absl::string_view LookupContextName(LookupContext context);
std::optional<LookupContext> LookupContextFromName(absl::string_view name);
absl::string_view CategoryName(Category category);
std::optional<Category> CategoryFromName(absl::string_view name);

}  // namespace cloister::reputation
