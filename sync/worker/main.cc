// cloister-sync: parse, wire, run.

#include <google/protobuf/stubs/logging.h>

#include <iostream>

#include "sync/worker/command_line.h"
#include "sync/worker/configuration.h"
#include "sync/worker/log.h"
#include "sync/worker/signal_watch.h"
#include "sync/worker/stop_flag.h"
#include "sync/worker/worker.h"

namespace {

namespace worker = cloister::worker;

constexpr int kFeedFailed = 1;
constexpr int kWrongConfiguration = 2;

int Complain(const absl::Status& status) {
  std::cerr << "cloister-sync: " << status.message() << std::endl;
  return kWrongConfiguration;
}

}  // namespace

int main(int argc, char** argv) {
  // Protocol Buffers reports a header that it cannot parse on standard error; we report it, too.
  google::protobuf::SetLogHandler(nullptr);
  int exit_code = 0;
  const auto command_line = worker::ReadCommandLine(argc, argv, &exit_code);
  if (!command_line.has_value()) return exit_code;
  const auto configuration = worker::ReadConfiguration(command_line->config);
  if (!configuration.ok()) return Complain(configuration.status());
  if (command_line->status) return worker::PrintStatus(*configuration, command_line->json);
  if (absl::Status s = worker::CheckMachine(*configuration); !s.ok()) return Complain(s);
  if (command_line->check_config) {
    std::cout << command_line->config << ": sound, " << configuration->feeds.size() << " feeds\n";
    return 0;
  }
  const auto lock = worker::StateLock::Take(configuration->state_directory);
  if (!lock.ok()) return Complain(lock.status());

  worker::SetUpLog(configuration->log);
  worker::StopFlag stop;
  worker::SignalWatch signals(&stop);
  if (command_line->once) return worker::RunAllOnce(*configuration, stop) ? 0 : kFeedFailed;
  worker::RunUntilStopped(*configuration, stop);
  return 0;
}
