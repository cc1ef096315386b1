// What can be asked about, and the words that answers are made of. Values only.
//
// The numbers are those of the wire; they are never renumbered.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cloister {

enum class ObjectKind : uint8_t { kFile = 1, kUrl = 2, kHost = 3, kIp = 4, kSoftware = 5 };

// One object, in the form in which a person or a mail has it. It need not be canonical.
struct Object {
  ObjectKind kind = ObjectKind::kFile;
  // File: 64, 40 or 32 hexadecimal digits (SHA-256, SHA-1, MD5). URL: with or without scheme.
  // Host: a name in any script. IP: an IPv4 or IPv6 address. Software: a package URL
  // ("pkg:deb/debian/curl@7.88.1"), or "signer:" and the certificate's SHA-256 thumbprint.
  std::string text;

  static Object File(std::string hex) { return {ObjectKind::kFile, std::move(hex)}; }
  static Object Url(std::string url) { return {ObjectKind::kUrl, std::move(url)}; }
  static Object Host(std::string name) { return {ObjectKind::kHost, std::move(name)}; }
  static Object Ip(std::string address) { return {ObjectKind::kIp, std::move(address)}; }
  static Object Software(std::string id) { return {ObjectKind::kSoftware, std::move(id)}; }

  friend bool operator==(const Object&, const Object&) = default;
};

// Where the object was met. Some records answer in one context only, so that a compromised web
// site does not have its owner's mail refused.
enum class Context : uint8_t {
  kAny = 0,
  kUrlHost = 1,       // the host of a URL; a URL's own host is taken so by itself
  kSenderDomain = 2,  // envelope or header sender
  kSmtpClient = 3,    // the connecting mail host
  kC2 = 4,            // destination of a network connection
};

// Whether the lookup was answered. Only kListed carries a verdict.
enum class AnswerStatus : uint8_t {
  kListed = 1,      // a record answered
  kNotListed = 2,   // feeds cover this kind of object, and none lists this one
  kNotCovered = 3,  // no feed covers this kind of object: nothing can be said
  kPartial = 4,     // nothing found, and a part of the data cannot be read just now
  kError = 5,       // the lookup failed; Answer::error says how
};

enum class Verdict : uint8_t {
  kNone = 0,
  kMalicious = 1,
  kUnwanted = 2,    // potentially unwanted: adware, riskware
  kSuspicious = 3,  // reason for caution, no proof
  kTrusted = 4,
  kKnown = 5,  // identity known, no judgement made
};

enum class Category : uint8_t {
  kMalware = 1,
  kPhishing = 2,
  kScam = 3,
  kBotnetC2 = 4,
  kCryptominer = 5,
  kSpamSource = 6,
  kAdware = 7,
  kRiskware = 8,
  kTest = 9,  // published to test defences with, and harmless
};

// How far below the listed object a record answers.
enum class Scope : uint8_t { kExact = 1, kSubtree = 2, kSubdomainsOnly = 3 };

// Where a record comes from; the first outranks the others.
enum class Layer : uint8_t { kNone = 0, kOverride = 1, kAuthoritativeFeed = 2, kFeed = 3 };

// Why a lookup failed.
enum class ErrorKind : uint8_t {
  kNone = 0,
  kInvalidArgument,   // the object cannot be understood: asking again is of no use
  kDeadlineExceeded,  // no answer in time
  kUnavailable,       // no server can be reached, or the connection broke
  kPermissionDenied,  // the server does not let this client ask
  kOverloaded,        // the server has more to do than it can, or the request is over its limits
  kProtocol,          // the server's answer makes no sense
  kInternal,          // anything else
};

// Lower-case names with underscores: "file", "sender_domain", "not_listed", "botnet_c2" …;
// "none" for kNone, kAny is "any". "unknown" for a number that is not listed above.
std::string_view Name(ObjectKind kind);
std::string_view Name(Context context);
std::string_view Name(AnswerStatus status);
std::string_view Name(Verdict verdict);
std::string_view Name(Category category);
std::string_view Name(Scope scope);
std::string_view Name(Layer layer);
std::string_view Name(ErrorKind error);

}  // namespace cloister
