// cloisterd: parse, wire, run.

#include <csignal>
#include <cstdio>

#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "server/config/configuration.h"
#include "server/daemon/command_line.h"
#include "server/daemon/daemon.h"
#include "server/daemon/surroundings.h"
#include "server/log/event_log.h"

namespace {

using cloister::server::CommandLine;
using cloister::server::Configuration;
using cloister::server::Daemon;
using cloister::server::EventLog;

constexpr int kCannotStart = 1;
constexpr int kBadConfiguration = 2;
constexpr absl::Duration kDrainDeadline = absl::Seconds(5);

int Fail(int exit_code, const absl::Status& status) {
  std::fprintf(stderr, "cloisterd: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

int Serve(const CommandLine& line, const Configuration& configuration, const sigset_t& signals) {
  const EventLog log({.level = configuration.log.level, .json = configuration.log.json});
  absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(configuration, &log, absl::Now);
  if (!daemon.ok()) return Fail(kCannotStart, daemon.status());
  const Daemon::Addresses& addresses = (*daemon)->addresses();
  if (!line.address_file.empty()) {
    absl::Status written = WriteAddressFile(line.address_file, addresses);
    if (!written.ok()) return Fail(kCannotStart, written);
  }
  log.Write(EventLog::Level::kInfo, "serving",
            {{"grpc", addresses.grpc}, {"metrics", addresses.metrics}});
  int signal = 0;
  sigwait(&signals, &signal);
  log.Write(EventLog::Level::kInfo, "draining", {{"signal", strsignal(signal)}});
  (*daemon)->Drain(kDrainDeadline);
  daemon->reset();
  log.Write(EventLog::Level::kInfo, "ended");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = cloister::server::ParseCommandLine(argc, argv);
  if (line.exit_code != -1) return line.exit_code;
  // Blocked before any thread starts, so that only sigwait takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // It would write a line that is no log line for each text that is not UTF-8, as often as a
  // hostile client likes.
  google::protobuf::SetLogHandler(nullptr);

  absl::StatusOr<Configuration> configuration =
      cloister::server::ReadConfiguration(line.configuration);
  if (!configuration.ok()) return Fail(kBadConfiguration, configuration.status());
  if (line.check_config) {
    absl::Status sound = cloister::server::CheckSurroundings(*configuration, absl::Now());
    if (!sound.ok()) return Fail(kBadConfiguration, sound);
    for (const std::string& advice : cloister::server::AdviceOnSurroundings(*configuration)) {
      std::printf("note: %s\n", advice.c_str());
    }
    std::printf("%s is sound\n", line.configuration.c_str());
    return 0;
  }
  return Serve(line, *configuration, signals);
}
