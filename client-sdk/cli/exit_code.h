// What a script learns from the command. Documented in --help; never renumbered.

#pragma once

#include "cloister/answer.h"

namespace cloister::cli {

enum class ExitCode {
  kOk = 0,           // done; for lookup: trusted, known or not listed
  kUsage = 2,        // the command line or an object on it cannot be understood
  kUnreachable = 3,  // no server, or no answer in time
  kPermission = 4,   // a certificate is unusable, or the server refuses this client
  kFailed = 5,       // anything else
  kSomeLeftOut = 6,  // override import: some of the list was left out, the rest is set
  kMalicious = 10,
  kUnwanted = 11,
  kSuspicious = 12,
  kNotCovered = 13,
  kPartial = 14,
};

ExitCode ExitCodeFor(ErrorKind error);
ExitCode ExitCodeFor(const Answer& answer);

// The graver of two: malicious, unwanted, suspicious, failed, permission, unreachable, usage,
// partial, not covered, ok.
ExitCode Graver(ExitCode a, ExitCode b);

}  // namespace cloister::cli
