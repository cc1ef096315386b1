// From what stands on the command line to an object that can be asked about.

#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cloister/object.h"

namespace cloister::cli {

struct Thing {
  std::string input;  // as it was given
  Object object;
  bool hashed = false;  // `input` is a file, and `object` its SHA-256 digest
};

// Guesses the kind unless it is given. Reads and hashes `input` if it names a regular file and
// the kind allows. The error is for people.
absl::StatusOr<Thing> ReadThing(const std::string& input, std::optional<ObjectKind> kind);

// SHA-256 of a regular file, in hexadecimal, without holding it in memory.
absl::StatusOr<std::string> HashFile(const std::string& path);

// The option value `name` ("url") as a kind or context.
std::optional<ObjectKind> KindFromName(absl::string_view name);
std::optional<Context> ContextFromName(absl::string_view name);

}  // namespace cloister::cli
