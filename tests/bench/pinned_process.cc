#include "tests/bench/pinned_process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/files/files.h"

namespace cloister::bench {
namespace {

constexpr uint64_t kMaxOutputBytes = 1 << 20;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

absl::Status PinToOneProcessor() {
  cpu_set_t set;
  bool good = sched_getaffinity(0, sizeof(set), &set) == 0;
  for (int last = CPU_SETSIZE - 1; good && last >= 0; --last) {
    if (!CPU_ISSET(last, &set)) continue;
    CPU_ZERO(&set);
    CPU_SET(last, &set);
    break;
  }
  good = good && sched_setaffinity(0, sizeof(set), &set) == 0;
  if (good) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("sched_setaffinity: ", strerror(errno)));
}

absl::StatusOr<ProcessUsage> RunPinned(const std::vector<std::string>& argv,
                                       const std::string& output) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const absl::Time begin = absl::Now();
  const pid_t child = fork();
  if (child < 0) return absl::InternalError(absl::StrCat("fork: ", strerror(errno)));
  if (child == 0) {
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && dup2(file, 1) >= 0 && dup2(file, 2) >= 0 && PinToOneProcessor().ok()) {
      execv(arguments[0], arguments.data());
    }
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return absl::InternalError(absl::StrCat("wait4: ", strerror(errno)));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const absl::StatusOr<std::string> said = storage::ReadFile(output, kMaxOutputBytes);
    return absl::FailedPreconditionError(absl::StrCat(argv[0], " failed: ", said.value_or("")));
  }
  return ProcessUsage{.processor_s = Seconds(usage.ru_utime) + Seconds(usage.ru_stime),
                      .wall_s = absl::ToDoubleSeconds(absl::Now() - begin),
                      .peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024};
}

}  // namespace cloister::bench
