// The address of a repository on a web server.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::transport {

// A checked "https://host[:port]/path/". A value type.
class BaseUrl {
 public:
  // InvalidArgument, with the mend, unless it is https (or http where `allow_http`) with a host
  // and without user, query and fragment. A slash at the end is added where it is missing.
  static absl::StatusOr<BaseUrl> Parse(absl::string_view text, bool allow_http);

  // With a slash at its end.
  const std::string& text() const { return text_; }
  bool is_https() const { return https_; }

 private:
  BaseUrl(std::string text, bool https) : text_(std::move(text)), https_(https) {}

  std::string text_;
  bool https_;
};

}  // namespace cloister::transport
