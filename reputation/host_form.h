// The steps that host names and the hosts of URLs share; private to this folder.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/url.h"

namespace cloister::reputation::internal {

enum class HostCharacters {
  kHostName,  // letters, digits, '-' and '_'
  kUrlHost,   // what WHATWG URL lets stand in a domain: printable ASCII except "#%/:<>?@[\]^|"
};

// Lower-case A-labels without empty labels; see CanonicalHostName. May still be an IPv4 address
// in one of the forms that URLs use.
absl::StatusOr<std::string> CanonicalLabels(absl::string_view name, HostCharacters characters);

// Whether the last label of `name` (canonical) is a number, decimal or with 0x: such a host is an
// IPv4 address or nothing (WHATWG URL, "ends in a number checker").
bool EndsInNumber(absl::string_view name);

// An address in any form that URL parsers accept: 1 to 4 numbers, each decimal, octal with a
// leading 0 or hexadecimal with 0x, the last one filling what the others leave (WHATWG URL, "IPv4
// parser").
absl::StatusOr<uint32_t> ParseUrlIpv4(absl::string_view name);

// `text` with percent escapes undone until none is left, which takes linear time: an undone escape
// can only complete one that starts before it. A '%' that starts no escape stays.
std::string Unescape(absl::string_view text);

// Sets host, ip and port from "[userinfo@]host[:port]". The port 80 and `default_port` become 0.
absl::Status ParseAuthority(absl::string_view authority, uint16_t default_port, CanonicalUrl* url);

}  // namespace cloister::reputation::internal
