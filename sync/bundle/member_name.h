// Which names the files of a bundle may have: those of a repository, below the feed's name.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::bundle {

inline constexpr char kIndexName[] = "index.json";

// <feed>/metadata/<file> or <feed>/targets/<file>.
struct MemberName {
  std::string feed;
  bool is_metadata = false;  // else it is a target
  std::string file;
};

// 1 to 64 lower-case letters, digits, '-' and '_', the first a letter or digit.
bool IsFeedName(absl::string_view name);

// kBundlePath, with the name in C escapes, for anything but "timestamp.json" or
// "<number>.<role>.json" as metadata, "<SHA-256 in hexadecimal>.<name>" as target, and for names
// that do not fit the header of a tar file (POSIX.1-1988: 155 bytes before a slash, 100 after it).
absl::StatusOr<MemberName> ParseMemberName(absl::string_view path);

}  // namespace cloister::bundle
