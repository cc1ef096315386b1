#include "client-sdk/cli/exit_code.h"

#include <algorithm>
#include <iterator>

namespace cloister::cli {

ExitCode ExitCodeFor(ErrorKind error) {
  switch (error) {
    case ErrorKind::kNone:
      return ExitCode::kOk;
    case ErrorKind::kInvalidArgument:
      return ExitCode::kUsage;
    case ErrorKind::kDeadlineExceeded:
    case ErrorKind::kUnavailable:
      return ExitCode::kUnreachable;
    case ErrorKind::kPermissionDenied:
      return ExitCode::kPermission;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode ExitCodeFor(const Answer& answer) {
  switch (answer.status) {
    case AnswerStatus::kNotListed:
      return ExitCode::kOk;
    case AnswerStatus::kNotCovered:
      return ExitCode::kNotCovered;
    case AnswerStatus::kPartial:
      return ExitCode::kPartial;
    case AnswerStatus::kError:
      return answer.error == ErrorKind::kNone ? ExitCode::kFailed : ExitCodeFor(answer.error);
    case AnswerStatus::kListed:
      break;
  }
  switch (answer.verdict()) {
    case Verdict::kMalicious:
      return ExitCode::kMalicious;
    case Verdict::kUnwanted:
      return ExitCode::kUnwanted;
    case Verdict::kSuspicious:
      return ExitCode::kSuspicious;
    case Verdict::kTrusted:
    case Verdict::kKnown:
      return ExitCode::kOk;
    case Verdict::kNone:
      break;
  }
  return ExitCode::kFailed;
}

ExitCode Graver(ExitCode a, ExitCode b) {
  constexpr ExitCode kFromGravest[] = {
      ExitCode::kMalicious,  ExitCode::kUnwanted,    ExitCode::kSuspicious, ExitCode::kFailed,
      ExitCode::kPermission, ExitCode::kUnreachable, ExitCode::kUsage,      ExitCode::kSomeLeftOut,
      ExitCode::kPartial,    ExitCode::kNotCovered,  ExitCode::kOk};
  const auto rank = [&](ExitCode code) {
    return std::find(std::begin(kFromGravest), std::end(kFromGravest), code);
  };
  return rank(a) <= rank(b) ? a : b;
}

}  // namespace cloister::cli
