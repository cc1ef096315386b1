// publisher.json: what a repository's publisher settled when it was made.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::publisher {

// How long each role's signature is good for.
struct Lifetimes {
  absl::Duration root = absl::Hours(24 * 365);
  absl::Duration targets = absl::Hours(24 * 90);
  absl::Duration snapshot = absl::Hours(24 * 90);
  absl::Duration timestamp = absl::Hours(24 * 7);
};

// What stays on offer, and on disk, when new versions are published (retention.h).
struct Retention {
  uint32_t versions = 64;  // the newest, of which every delta stays
  uint32_t snapshots = 3;  // the newest; deltas after the oldest of them stay, too
  // How long a file stays on disk after nothing names it any more, for clients that are at it.
  absl::Duration grace = absl::Hours(24);
};

struct Settings {
  std::string feed;
  Lifetimes lifetimes;
  Retention retention;
};

// Lower-case letters, digits, '-' and '_', at most 64, a letter or digit first.
absl::Status CheckFeedName(absl::string_view name);

// publisher.json of the repository at `path`.
std::string SettingsPath(const std::string& path);

// As publisher.json holds them.
std::string SettingsText(const Settings& settings);

// NotFound, saying how to make a repository, if there is none; InvalidArgument if the file says
// something impossible.
absl::StatusOr<Settings> ReadSettings(const std::string& path);

}  // namespace cloister::publisher
