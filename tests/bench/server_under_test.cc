#include "tests/bench/server_under_test.h"

#include <unistd.h>

#include <csignal>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "tests/bench/echo_server.h"

namespace cloister::bench {
namespace {

using nlohmann::json;

constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr uint64_t kMaxAnswersBytes = 1 << 30;

std::string Configuration(const ServerProcess::Options& options) {
  return absl::StrCat("data_directory = \"", options.directory, "/data\"\n", "spool_directory = \"",
                      options.spool_directory, "\"\n", R"(
[listen]
address = "127.0.0.1:0"
tls = "off"

[metrics]
address = ""

[log]
level = "warning"

[updates]
poll_interval_ms = 10

[[feed]]
)",
                      "name = \"", options.feed, "\"\nroot = \"", options.root, "\"\n");
}

// Waits for the address that a child writes into `file`.
absl::StatusOr<std::string> ReadAddress(const testing::Process& process, const std::string& file) {
  if (absl::Status s = testing::WaitForFile(file, kStartTimeout); !s.ok()) {
    return absl::UnavailableError(absl::StrCat(s.message(), "\n", process.errors()));
  }
  const auto bytes = storage::ReadFile(file, 4096);
  if (!bytes.ok()) return bytes.status();
  const json document = json::parse(*bytes, nullptr, false);
  if (!document.is_object() || !document["grpc"].is_string()) {
    return absl::InternalError(absl::StrCat(file, " names no gRPC address: ", *bytes));
  }
  return document["grpc"].get<std::string>();
}

std::string Join(const std::vector<std::string>& answers) {
  json document = json::array();
  for (const std::string& answer : answers)
    document.push_back(json::binary_t({answer.begin(), answer.end()}));
  const std::vector<uint8_t> bytes = json::to_cbor(document);
  return std::string(bytes.begin(), bytes.end());
}

std::vector<std::string> Split(const std::string& bytes) {
  std::vector<std::string> answers;
  for (const json& element : json::from_cbor(bytes, true, false)) {
    const auto& binary = element.get_binary();
    answers.emplace_back(binary.begin(), binary.end());
  }
  return answers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::StartCloisterd(
    const Options& options) {
  const std::string config = options.directory + "/cloisterd.toml";
  const std::string address_file = options.directory + "/address.json";
  if (absl::Status s = storage::MakeDirectories(options.directory); !s.ok()) return s;
  if (absl::Status s = storage::WriteFileAtomically(config, Configuration(options)); !s.ok()) {
    return s;
  }
  unlink(address_file.c_str());
  auto process = testing::Process::Start(
      {.argv = {options.program, "--config", config, "--address-file", address_file}});
  if (!process.ok()) return process.status();
  auto address = ReadAddress(**process, address_file);
  if (!address.ok()) return address.status();
  return std::unique_ptr<ServerProcess>(
      new ServerProcess(*std::move(process), *std::move(address)));
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::StartEcho(
    const std::string& directory, const std::vector<std::string>& answers, bool batch) {
  const std::string answers_file = directory + "/echo-answers.cbor";
  const std::string address_file = directory + "/echo-address.json";
  if (absl::Status s = storage::WriteFileAtomically(answers_file, Join(answers)); !s.ok()) return s;
  unlink(address_file.c_str());
  std::vector<std::string> argv = {"/proc/self/exe", "echo",           "--answers",
                                   answers_file,     "--address-file", address_file};
  if (batch) argv.push_back("--batch");
  auto process = testing::Process::Start({.argv = argv});
  if (!process.ok()) return process.status();
  auto address = ReadAddress(**process, address_file);
  if (!address.ok()) return address.status();
  return std::unique_ptr<ServerProcess>(
      new ServerProcess(*std::move(process), *std::move(address)));
}

absl::Status ServerProcess::Stop() {
  if (absl::Status s = process_->Signal(SIGTERM); !s.ok()) return s;
  const auto code = process_->Wait(absl::Seconds(60));
  if (!code.ok()) return code.status();
  if (*code != 0) {
    return absl::InternalError(
        absl::StrCat("the server ended with ", *code, "\n", process_->errors()));
  }
  return absl::OkStatus();
}

absl::Status RunEchoProcess(const std::string& answers_file, const std::string& address_file,
                            bool batch) {
  const auto bytes = storage::ReadFile(answers_file, kMaxAnswersBytes);
  if (!bytes.ok()) return bytes.status();
  EchoServer::Options options;
  options.answers = Split(*bytes);
  options.batch = batch;
  // The other half of the machine is the client's.
  options.threads = std::max(1u, std::thread::hardware_concurrency() / 2);
  const auto echo = EchoServer::Start(options);
  if (!echo.ok()) return echo.status();
  const std::string address = json{{"grpc", (*echo)->address()}}.dump();
  if (absl::Status s = storage::WriteFileAtomically(address_file, address); !s.ok()) return s;
  while (true) pause();  // until killed
}

}  // namespace cloister::bench
