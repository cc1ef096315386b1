// Child processes for tests: what a test starts ends with it, and nothing waits by sleeping.

#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::testing {

struct ProcessOptions {
  std::vector<std::string> argv;              // argv[0] is searched in PATH if it has no slash
  std::vector<std::string> environment = {};  // "NAME=value", added to the test's own
  std::string working_directory = {};         // "": the test's own
  std::string input = {};                     // what the child reads as standard input
};

// Orders what this thread did before it against what other threads do after their next call of it:
// where threads of a test meet only through another process, ThreadSanitizer sees no order between
// them. Starting and awaiting a Process call it; so should a server's thread that answers one.
void OrderAcrossProcesses();

// Path of one of the project's own programs, such as "cloisterd", in the build's bin folder.
std::string ProgramPath(absl::string_view name);

// A running child with its standard output and standard error captured. Destruction kills it
// (SIGKILL) and waits. The kernel also kills it when the thread that started it ends, so start it
// on a thread that lives long enough. Thread-safe.
class Process {
 public:
  // NotFound if the program cannot be executed.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const ProcessOptions& options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const;

  absl::Status Signal(int signal);

  // Its exit code, or 128 + the number of the signal that ended it, once it ended and all its
  // output is read. DeadlineExceeded, with what it has printed, if it still runs after `timeout`.
  absl::StatusOr<int> Wait(absl::Duration timeout);

  // Whether it still runs.
  bool running() const;

  // What it has printed up to now.
  std::string output() const;  // standard output
  std::string errors() const;  // standard error

  // Waits until standard output or standard error contains `text`. FailedPrecondition if the
  // child ended without printing it.
  absl::Status WaitForText(absl::string_view text, absl::Duration timeout);

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

struct ProcessResult {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

// Runs a child to its end; kills it after `timeout` (DeadlineExceeded).
absl::StatusOr<ProcessResult> RunProcess(const ProcessOptions& options,
                                         absl::Duration timeout = absl::Seconds(60));

// Waits until `path` exists, through inotify on its directory (which must exist).
absl::Status WaitForFile(const std::string& path, absl::Duration timeout);

}  // namespace cloister::testing
