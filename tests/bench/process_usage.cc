#include "tests/bench/process_usage.h"

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
  const auto stat = ReadProc(pid, "stat");
  if (!stat.ok()) return stat.status();
  // The program's name stands in parentheses and may hold spaces; utime and stime are the 12th
  // and 13th fields behind it (proc(5)).
  std::istringstream fields(stat->substr(stat->rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  uint64_t user = 0, system = 0;
  if (!(fields >> user >> system)) return absl::InternalError("/proc/…/stat has another layout");
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
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

}  // namespace cloister::bench
