// cloister-bench: measures cloisterd against a bare gRPC echo, in the same run and by turns.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "tests/bench/bench.h"
#include "tests/bench/server_under_test.h"

int main(int argc, char** argv) {
  cloister::bench::BenchOptions options;
  double seconds = 3;
  CLI::App app{"Measures cloisterd against a bare gRPC echo."};
  app.add_option("--records", options.records, "SHA-256 records to serve")
      ->check(CLI::Range(100u, 1'000'000'000u));
  app.add_option("--seconds", seconds, "length of each run")->check(CLI::Range(0.05, 3600.0));
  app.add_option("--rounds", options.rounds, "runs on either server")->check(CLI::Range(1, 1000));
  app.add_option("--server", options.server, "path of cloisterd");
  app.add_option("--directory", options.directory, "where to work, and for result.json");

  std::string answers_file, address_file;
  bool batch = false;
  CLI::App* echo = app.add_subcommand("echo", "serves given answers (used by the program itself)");
  echo->add_option("--answers", answers_file)->required();
  echo->add_option("--address-file", address_file)->required();
  echo->add_flag("--batch", batch);
  CLI11_PARSE(app, argc, argv);

  absl::Status status;
  if (*echo) {
    status = cloister::bench::RunEchoProcess(answers_file, address_file, batch);
  } else if (options.server.empty() || options.directory.empty()) {
    status = absl::InvalidArgumentError("--server and --directory are needed");
  } else {
    options.duration = absl::Seconds(seconds);
    options.directory = std::filesystem::absolute(options.directory).lexically_normal();
    status = cloister::bench::RunBench(options);
  }
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
