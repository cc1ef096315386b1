// Package URLs (ECMA-427, purl): pkg:type/namespace/name@version?qualifiers#subpath

#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

struct PackageUrl {
  // Longest text that Parse looks at.
  static constexpr size_t kMaxBytes = 4096;

  std::string type;        // lower case
  std::string name_space;  // decoded segments joined with '/', "" if none
  std::string name;
  std::string version;                            // "" if none
  std::map<std::string, std::string> qualifiers;  // lower-case names
  std::string subpath;

  // Parses and normalises: type and qualifier names lower-cased, components decoded, empty
  // qualifiers dropped, type rules applied where case does not count (deb, github, bitbucket,
  // pypi with '_' as '-'). InvalidArgument names the part that is missing or malformed.
  static absl::StatusOr<PackageUrl> Parse(absl::string_view text);

  // Canonical text: qualifiers sorted, components percent-encoded as the standard says.
  std::string ToString() const;

  PackageUrl WithoutQualifiers() const;  // without qualifiers and subpath
  PackageUrl WithoutVersion() const;     // and without version

  friend bool operator==(const PackageUrl&, const PackageUrl&) = default;
};

}  // namespace cloister::reputation
