// Looks at certificate files before the handshake does, whose messages say little.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cloister/client_options.h"

namespace cloister::cli {

// Whether the files can be read, hold what they should, belong together and are valid at `now`.
// The error names the file, what is wrong (with the date) and what to do.
absl::Status CheckCertificates(const TlsFiles& files, absl::Time now);

// The subject of the certificate in a PEM file, such as "CN=operator"; "" if it cannot be read.
std::string SubjectOf(const std::string& path);

}  // namespace cloister::cli
