// The address of a source on the web.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::publisher {

struct WebUrl {
  std::string text;
  std::string origin;  // "https://feeds.example", with the port where it is not the usual one
  bool https = true;
};

// InvalidArgument, with the mend and without the text itself, unless it is https (or http where
// `allow_http`) with a host, without user, password and fragment, and at most 4096 bytes long.
absl::StatusOr<WebUrl> ParseWebUrl(absl::string_view text, bool allow_http);

}  // namespace cloister::publisher
