// What is meant by whatever somebody pastes.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cloister/object.h"

namespace cloister::cli {

struct Guess {
  // The text is the path of a file to be hashed; otherwise an object's text, refanged.
  bool is_path = false;
  ObjectKind kind = ObjectKind::kFile;
  std::string text;
};

// In this order: an existing file (`names_a_file` says so); 64, 40 or 32 hexadecimal digits, also
// after "sha256:", "sha1:" or "md5:"; a package URL; "signer:"; a URL, by its scheme, "www.", a
// slash, query or port; an IP address or prefix; a host name. InvalidArgument, with what would be
// understood, for anything else: e-mail addresses, paths where there is no file.
// Pure. tests/vectors/guess_kind.txt has examples.
absl::StatusOr<Guess> GuessKind(absl::string_view text, bool names_a_file);

}  // namespace cloister::cli
