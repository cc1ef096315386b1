#include "tests/bench/process_usage.h"

#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/status/status.h"

namespace cloister::bench {
namespace {

absl::StatusOr<std::string> ReadProc(pid_t pid, const std::string& name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().empty()) return absl::NotFoundError(path + " cannot be read");
  return text.str();
}

}  // namespace

absl::StatusOr<double> ProcessorSeconds(pid_t pid) {
  clockid_t clock;
  timespec time;
  if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return absl::NotFoundError("there is no process " + std::to_string(pid));
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

absl::StatusOr<uint64_t> AnonymousBytes(pid_t pid) {
  const auto status = ReadProc(pid, "status");
  if (!status.ok()) return status.status();
  const size_t at = status->find("RssAnon:");
  uint64_t kibibytes = 0;
  if (at == std::string::npos || !(std::istringstream(status->substr(at + 8)) >> kibibytes)) {
    return absl::InternalError("/proc/…/status does not state RssAnon");
  }
  return kibibytes * 1024;
}

void UsageMeter::Start() {
  client_s_ = -ProcessorSeconds(getpid()).value_or(0);
  server_s_ = -Server();
}

void UsageMeter::Stop() {
  client_s_ += ProcessorSeconds(getpid()).value_or(0);
  server_s_ += Server();
}

double UsageMeter::Server() const {
  return server_ == 0 ? 0 : ProcessorSeconds(server_).value_or(0);
}

}  // namespace cloister::bench
