#include "server/metrics/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "prometheus/client_metric.h"

namespace cloister::server {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Family(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.emplace_back();
  if (type == MetricType::Counter) {
    family.metric.back().counter.value = value;
  } else {
    family.metric.back().gauge.value = value;
  }
  return family;
}

double CpuSeconds() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const struct timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long size = 0;
  long resident = 0;
  const int read = std::fscanf(file, "%ld %ld", &size, &resident);
  std::fclose(file);
  return read == 2 ? static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0;
}

double OpenDescriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  int count = -3;  // ".", ".." and the folder's own descriptor
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

double MaxDescriptors() {
  struct rlimit limit {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics::Collect() const {
  return {
      Family("process_cpu_seconds_total", "CPU time used, user and system, in seconds.",
             MetricType::Counter, CpuSeconds()),
      Family("process_resident_memory_bytes", "Resident memory, mapped packs included.",
             MetricType::Gauge, ResidentBytes()),
      Family("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenDescriptors()),
      Family("process_max_fds", "File descriptors that may be open.", MetricType::Gauge,
             MaxDescriptors()),
      Family("process_start_time_seconds", "When the process started, seconds since 1970.",
             MetricType::Gauge, absl::ToDoubleSeconds(started_at_ - absl::UnixEpoch())),
  };
}

}  // namespace cloister::server
