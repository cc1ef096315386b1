#include "sync/feeds/stix_pattern.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "reputation/ip_address.h"
#include "reputation/refang.h"
#include "sync/feeds/stix_grammar.h"

namespace cloister::feeds {
namespace {

using reputation::ObjectKind;

constexpr absl::string_view kFileHashes = "file:hashes.";
constexpr absl::string_view kCertificateHashes = "x509-certificate:hashes.";
constexpr absl::string_view kDestination = "network-traffic:dst_ref.value";
constexpr absl::string_view kDestinationType = "network-traffic:dst_ref.type";

using ObjectsOrFault = std::variant<std::vector<PatternObject>, Fault>;

Fault Unsupported(absl::string_view why) { return {RowFault::kUnsupported, std::string(why)}; }

// Hexadecimal digits of the algorithms that listings hold, however they are spelt; 0 for others.
size_t HexDigits(absl::string_view algorithm) {
  const std::string plain =
      absl::AsciiStrToLower(absl::StrReplaceAll(algorithm, {{"-", ""}, {"_", ""}}));
  if (plain == "sha256") return 64;
  if (plain == "sha1") return 40;
  return plain == "md5" ? 32 : 0;
}

// The text after `prefix` if `path` begins with it.
std::optional<absl::string_view> After(absl::string_view path, absl::string_view prefix) {
  if (!absl::ConsumePrefix(&path, prefix)) return std::nullopt;
  return path;
}

std::optional<Fault> LengthFault(absl::string_view algorithm, const std::string& value) {
  if (value.size() == HexDigits(algorithm)) return std::nullopt;
  return Fault{RowFault::kBadValue, absl::StrCat(algorithm, " with ", value.size(), " characters")};
}

// Digests of one file, strongest first.
ObjectsOrFault FileObjects(const StixConjunction& all) {
  std::vector<PatternObject> objects;
  for (const StixComparison& comparison : all) {
    if (!absl::StartsWith(comparison.path, "file:")) {
      return Unsupported(absl::StrCat("a file joined by AND with ", comparison.path));
    }
    const std::optional<absl::string_view> algorithm = After(comparison.path, kFileHashes);
    if (!algorithm.has_value() || HexDigits(*algorithm) == 0) continue;
    if (comparison.op != "=") return Unsupported(absl::StrCat("a digest with ", comparison.op));
    std::optional<Fault> fault = LengthFault(*algorithm, comparison.value);
    if (fault.has_value()) return *std::move(fault);
    objects.push_back({ObjectKind::kFile, absl::AsciiStrToLower(comparison.value)});
  }
  const auto longer = [](const PatternObject& a, const PatternObject& b) {
    return a.value.size() > b.value.size();
  };
  std::stable_sort(objects.begin(), objects.end(), longer);
  const auto same = [](const PatternObject& a, const PatternObject& b) {
    return a.value == b.value;
  };
  objects.erase(std::unique(objects.begin(), objects.end(), same), objects.end());
  for (size_t i = 1; i < objects.size(); ++i) {
    if (objects[i].value.size() == objects[i - 1].value.size()) {
      return Unsupported("two different digests of one kind joined by AND: no file has both");
    }
  }
  return objects;
}

ObjectsOrFault OneObject(const StixComparison& comparison) {
  const std::string& path = comparison.path;
  const bool ip = path == "ipv4-addr:value" || path == "ipv6-addr:value";
  if (comparison.op != "=" && !(ip && comparison.op == "ISSUBSET")) {
    return Unsupported(absl::StrCat(path, " with ", comparison.op));
  }
  if (const std::optional<absl::string_view> algorithm = After(path, kCertificateHashes)) {
    if (HexDigits(*algorithm) != 64) {
      return Unsupported("a certificate by another digest than SHA-256");
    }
    std::optional<Fault> fault = LengthFault(*algorithm, comparison.value);
    if (fault.has_value()) return *std::move(fault);
    return std::vector<PatternObject>{
        {ObjectKind::kSoftware, absl::StrCat("signer:", comparison.value)}};
  }
  const std::string value = reputation::Refang(comparison.value);
  if (ip) return std::vector<PatternObject>{{ObjectKind::kIp, value}};
  if (path == "url:value") return std::vector<PatternObject>{{ObjectKind::kUrl, value}};
  if (path == "domain-name:value") return std::vector<PatternObject>{{ObjectKind::kHost, value}};
  if (path == kDestination) {
    const bool address = reputation::IpPrefix::Parse(value).ok();
    return std::vector<PatternObject>{
        {address ? ObjectKind::kIp : ObjectKind::kHost, value, /*c2=*/true}};
  }
  return Unsupported(absl::StrCat("the property ", path));
}

ObjectsOrFault ObjectsOf(const StixConjunction& all) {
  const bool has_digest = std::any_of(all.begin(), all.end(), [](const StixComparison& one) {
    const std::optional<absl::string_view> algorithm = After(one.path, kFileHashes);
    return algorithm.has_value() && HexDigits(*algorithm) != 0;
  });
  if (has_digest) return FileObjects(all);
  if (all.size() == 1) return OneObject(all.front());
  if (all.size() == 2) {
    // The type only says what the value shows.
    if (all[0].path == kDestinationType && all[1].path == kDestination) return OneObject(all[1]);
    if (all[1].path == kDestinationType && all[0].path == kDestination) return OneObject(all[0]);
  }
  return Unsupported(absl::StrCat(all[0].path, " joined by AND with ", all[1].path));
}

}  // namespace

std::variant<PatternObjects, Fault> ReadStixPattern(absl::string_view pattern) {
  std::variant<StixAlternatives, Fault> parsed = ParseStixPattern(pattern);
  if (Fault* fault = std::get_if<Fault>(&parsed)) return std::move(*fault);
  const StixAlternatives& alternatives = std::get<StixAlternatives>(parsed);
  if (!alternatives.unsupported.empty()) return Unsupported(alternatives.unsupported);
  PatternObjects result;
  for (const StixConjunction& conjunction : alternatives.conjunctions) {
    ObjectsOrFault made = ObjectsOf(conjunction);
    if (Fault* fault = std::get_if<Fault>(&made)) {
      result.faults.push_back(std::move(*fault));
      continue;
    }
    for (PatternObject& object : std::get<std::vector<PatternObject>>(made)) {
      result.objects.push_back(std::move(object));
    }
  }
  return result;
}

}  // namespace cloister::feeds
