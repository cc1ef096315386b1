// cloister-bench: measures cloisterd beside a bare gRPC echo, Redis and bare RocksDB by turns; and,
// as `cloister-bench build`, how fast cloister-publish makes a version of text.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "tests/bench/bench.h"
#include "tests/bench/build_bench.h"
#include "tests/bench/server_under_test.h"

int main(int argc, char** argv) {
  cloister::bench::BenchOptions options;
  double seconds = 3;
  CLI::App app{"Measures cloisterd beside a bare gRPC echo, Redis and bare RocksDB."};
  app.add_option("--records", options.records, "SHA-256 records to serve")
      ->check(CLI::Range(100u, 1'000'000'000u));
  app.add_option("--seconds", seconds, "length of each run")->check(CLI::Range(0.05, 3600.0));
  app.add_option("--rounds", options.rounds, "runs of each contender")->check(CLI::Range(1, 1000));
  app.add_option("--asked-keys", options.asked_keys, "different keys that a workload asks for")
      ->check(CLI::Range(1000u, 100'000'000u));
  app.add_option("--only", options.only,
                 "only lookups whose name holds this: \"Lookup, TCP\", \"of 1000\", \"Zipf\"");
  app.add_flag("--quick", options.quick, "a few lookups of each kind");
  app.add_option("--server", options.server, "path of cloisterd");
  app.add_option("--directory", options.directory, "where to work, and for what is found");

  cloister::bench::EchoProcessOptions echoing;
  CLI::App* echo = app.add_subcommand("echo", "serves given answers (used by the program itself)");
  echo->add_option("--answers", echoing.answers_file)->required();
  echo->add_option("--address-file", echoing.address_file)->required();
  echo->add_flag("--batch", echoing.batch);
  echo->add_option("--socket", echoing.socket);
  echo->add_option("--certificate", echoing.certificate);
  echo->add_option("--key", echoing.key);
  echo->add_option("--client-ca", echoing.client_ca);
  CLI::App* build =
      app.add_subcommand("build", "measures how fast cloister-publish makes a version of text");
  cloister::bench::BuildBenchOptions building;
  build->add_option("--records", building.records, "lines of each source")
      ->check(CLI::Range(100u, 1'000'000'000u));
  build->add_option("--publisher", building.publisher, "path of cloister-publish")->required();
  build->add_option("--directory", building.directory, "where to work, and for build.json")
      ->required();
  CLI11_PARSE(app, argc, argv);
  const auto absolute = [](const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
  };

  absl::Status status;
  if (*echo) {
    status = cloister::bench::RunEchoProcess(echoing);
  } else if (*build) {
    building.publisher = absolute(building.publisher);
    building.directory = absolute(building.directory);
    status = cloister::bench::RunBuildBench(building);
  } else if (options.server.empty() || options.directory.empty()) {
    status = absl::InvalidArgumentError("--server and --directory are needed");
  } else {
    options.duration = absl::Seconds(seconds);
    options.directory = absolute(options.directory);
    status = cloister::bench::RunBench(options);
  }
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
