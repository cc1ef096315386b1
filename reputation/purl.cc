#include "reputation/purl.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cloister::reputation {
namespace {

absl::Status BadPurl(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "not a package URL (pkg:type/namespace/name@version?qualifiers#subpath): ", what));
}

bool IsUnreserved(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':';
}

// `also` may stand unescaped besides what always may.
std::string Encode(absl::string_view text, absl::string_view also = "") {
  std::string encoded;
  for (char c : text) {
    if (IsUnreserved(static_cast<unsigned char>(c)) || also.find(c) != absl::string_view::npos) {
      encoded.push_back(c);
    } else {
      absl::StrAppend(&encoded, "%",
                      absl::AsciiStrToUpper(absl::BytesToHexString(absl::string_view(&c, 1))));
    }
  }
  return encoded;
}

absl::StatusOr<std::string> Decode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() != 2 || !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) {
      return BadPurl(
          absl::StrCat("\"", absl::CHexEscape(text.substr(i, 3)), "\" is not a percent escape"));
    }
    decoded += absl::HexStringToBytes(digits);
    i += 2;
  }
  return decoded;
}

// Types and qualifier names: a letter, then letters, digits and a few signs.
bool IsWord(absl::string_view text, absl::string_view signs) {
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [signs](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           signs.find(c) != absl::string_view::npos;
  });
}

// Decodes each segment; empty ones and, in a subpath, dots are dropped. A '/' that was escaped
// would be a segment boundary to the next reader.
absl::StatusOr<std::string> DecodeSegments(absl::string_view text, bool drop_dots) {
  std::vector<std::string> segments;
  for (absl::string_view piece : absl::StrSplit(text, '/', absl::SkipEmpty())) {
    absl::StatusOr<std::string> segment = Decode(piece);
    if (!segment.ok()) return segment.status();
    if (drop_dots && (*segment == "." || *segment == "..")) continue;
    if (absl::StrContains(*segment, '/')) return BadPurl("a segment holds an escaped '/'");
    segments.push_back(*std::move(segment));
  }
  return absl::StrJoin(segments, "/");
}

std::string EncodeSegments(absl::string_view text) { return Encode(text, "/"); }

absl::Status ParseQualifiers(absl::string_view text, PackageUrl* purl) {
  for (absl::string_view pair : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (!IsWord(parts.first, ".-_")) {
      return BadPurl(absl::StrCat("\"", absl::CHexEscape(parts.first.substr(0, 40)),
                                  "\" is not the name of a qualifier"));
    }
    absl::StatusOr<std::string> value = Decode(parts.second);
    if (!value.ok()) return value.status();
    if (value->empty()) continue;
    std::string name = absl::AsciiStrToLower(parts.first);
    if (!purl->qualifiers.emplace(name, *std::move(value)).second) {
      return BadPurl(absl::StrCat("the qualifier \"", name, "\" stands twice"));
    }
  }
  return absl::OkStatus();
}

// Takes the version from the end of `*rest`. An '@' that starts a segment belongs to that segment
// (npm scopes are often written unescaped).
absl::Status TakeVersion(absl::string_view* rest, PackageUrl* purl) {
  size_t at = rest->rfind('@');
  if (at == absl::string_view::npos) return absl::OkStatus();
  bool starts_scope =
      (at == 0 || (*rest)[at - 1] == '/') && rest->find('/', at) != absl::string_view::npos;
  if (starts_scope) return absl::OkStatus();
  absl::StatusOr<std::string> version = Decode(rest->substr(at + 1));
  if (!version.ok()) return version.status();
  purl->version = *std::move(version);
  *rest = rest->substr(0, at);
  return absl::OkStatus();
}

absl::Status ParseNamespaceAndName(absl::string_view text, PackageUrl* purl) {
  size_t slash = text.rfind('/');
  absl::string_view name = slash == absl::string_view::npos ? text : text.substr(slash + 1);
  absl::StatusOr<std::string> decoded = Decode(name);
  if (!decoded.ok()) return decoded.status();
  if (decoded->empty()) return BadPurl("the name is missing");
  purl->name = *std::move(decoded);
  if (slash == absl::string_view::npos) return absl::OkStatus();
  absl::StatusOr<std::string> name_space = DecodeSegments(text.substr(0, slash), false);
  if (!name_space.ok()) return name_space.status();
  purl->name_space = *std::move(name_space);
  return absl::OkStatus();
}

// What the definitions of the types say about case and equal signs.
void ApplyTypeRules(PackageUrl* purl) {
  if (purl->type == "deb" || purl->type == "github" || purl->type == "bitbucket") {
    absl::AsciiStrToLower(&purl->name_space);
    absl::AsciiStrToLower(&purl->name);
  } else if (purl->type == "pypi") {
    absl::AsciiStrToLower(&purl->name);
    std::replace(purl->name.begin(), purl->name.end(), '_', '-');
  }
}

}  // namespace

absl::StatusOr<PackageUrl> PackageUrl::Parse(absl::string_view text) {
  if (text.size() > kMaxBytes) {
    return BadPurl(absl::StrCat("it has more than ", kMaxBytes, " bytes"));
  }
  PackageUrl purl;
  absl::string_view rest = text;
  if (!absl::StartsWithIgnoreCase(rest, "pkg:")) return BadPurl("it does not start with \"pkg:\"");
  rest.remove_prefix(4);

  size_t hash = rest.find('#');
  if (hash != absl::string_view::npos) {
    absl::StatusOr<std::string> subpath = DecodeSegments(rest.substr(hash + 1), true);
    if (!subpath.ok()) return subpath.status();
    purl.subpath = *std::move(subpath);
    rest = rest.substr(0, hash);
  }
  size_t question = rest.find('?');
  if (question != absl::string_view::npos) {
    absl::Status qualifiers = ParseQualifiers(rest.substr(question + 1), &purl);
    if (!qualifiers.ok()) return qualifiers;
    rest = rest.substr(0, question);
  }
  while (absl::ConsumePrefix(&rest, "/")) {
  }
  size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return BadPurl("the type or the name is missing");
  purl.type = absl::AsciiStrToLower(rest.substr(0, slash));
  if (!IsWord(purl.type, ".+-")) return BadPurl("its type is malformed");
  rest.remove_prefix(slash + 1);

  absl::Status version = TakeVersion(&rest, &purl);
  if (!version.ok()) return version;
  while (absl::ConsumeSuffix(&rest, "/")) {
  }
  absl::Status name = ParseNamespaceAndName(rest, &purl);
  if (!name.ok()) return name;
  ApplyTypeRules(&purl);
  return purl;
}

std::string PackageUrl::ToString() const {
  std::string text = absl::StrCat("pkg:", type, "/");
  if (!name_space.empty()) absl::StrAppend(&text, EncodeSegments(name_space), "/");
  text += Encode(name);
  if (!version.empty()) absl::StrAppend(&text, "@", Encode(version));
  char separator = '?';
  for (const auto& [key, value] : qualifiers) {
    absl::StrAppend(&text, absl::string_view(&separator, 1), key, "=", Encode(value, "/"));
    separator = '&';
  }
  if (!subpath.empty()) absl::StrAppend(&text, "#", EncodeSegments(subpath));
  return text;
}

PackageUrl PackageUrl::WithoutQualifiers() const {
  PackageUrl purl = *this;
  purl.qualifiers.clear();
  purl.subpath.clear();
  return purl;
}

PackageUrl PackageUrl::WithoutVersion() const {
  PackageUrl purl = WithoutQualifiers();
  purl.version.clear();
  return purl;
}

}  // namespace cloister::reputation
