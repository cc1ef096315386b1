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

std::string ListenSection(const Listening& listening) {
  if (listening.transport == Transport::kUnix) {
    return absl::StrCat("[listen]\naddress = \"unix:", listening.socket, "\"\ntls = \"off\"\n");
  }
  std::string text = "[listen]\naddress = \"127.0.0.1:0\"\n";
  if (listening.transport == Transport::kTcp) return text + "tls = \"off\"\n";
  const TlsFiles& tls = listening.tls;
  absl::StrAppend(&text, "tls = \"mutual\"\n[tls]\ncertificate = \"", tls.server.certificate,
                  "\"\nkey = \"", tls.server.key, "\"\nclient_ca = \"", tls.authority,
                  "\"\n[[identity]]\nname = \"", kClientName, "\"\nrole = \"gateway\"\n");
  return text;
}

std::string Configuration(const ServerProcess::Options& options) {
  return absl::StrCat("data_directory = \"", options.directory, "/data\"\nspool_directory = \"",
                      options.spool_directory, "\"\n", ListenSection(options.listening), R"(
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
  const auto address = ReadAddress(**process, address_file);
  if (!address.ok()) return address.status();
  return std::unique_ptr<ServerProcess>(
      new ServerProcess(*std::move(process), *address, options.listening));
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::StartEcho(
    const EchoOptions& options) {
  const std::string answers_file = options.directory + "/echo-answers.cbor";
  const std::string address_file = options.directory + "/echo-address.json";
  const absl::Status written = storage::WriteFileAtomically(answers_file, Join(options.answers));
  if (!written.ok()) return written;
  unlink(address_file.c_str());
  std::vector<std::string> argv = {"/proc/self/exe", "echo",           "--answers",
                                   answers_file,     "--address-file", address_file};
  if (options.batch) argv.push_back("--batch");
  const Listening& listening = options.listening;
  if (listening.transport == Transport::kUnix) {
    argv.insert(argv.end(), {"--socket", listening.socket});
  } else if (listening.transport == Transport::kMutualTls) {
    argv.insert(argv.end(), {"--certificate", listening.tls.server.certificate, "--key",
                             listening.tls.server.key, "--client-ca", listening.tls.authority});
  }
  auto process = testing::Process::Start({.argv = argv});
  if (!process.ok()) return process.status();
  const auto address = ReadAddress(**process, address_file);
  if (!address.ok()) return address.status();
  return std::unique_ptr<ServerProcess>(
      new ServerProcess(*std::move(process), *address, listening));
}

ServerProcess::ServerProcess(std::unique_ptr<testing::Process> process, const std::string& address,
                             const Listening& listening)
    : process_(std::move(process)) {
  target_.address = address;
  target_.pid = process_->pid();
  if (listening.transport == Transport::kMutualTls) target_.tls = listening.tls;
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

absl::Status RunEchoProcess(const EchoProcessOptions& process) {
  const auto bytes = storage::ReadFile(process.answers_file, kMaxAnswersBytes);
  if (!bytes.ok()) return bytes.status();
  EchoServer::Options options;
  options.answers = Split(*bytes);
  options.batch = process.batch;
  if (!process.socket.empty()) options.address = "unix:" + process.socket;
  if (!process.certificate.empty()) {
    options.tls = TlsFiles{
        .authority = process.client_ca, .server = {process.certificate, process.key}, .client = {}};
  }
  // The other half of the machine is the client's.
  options.threads = std::max(1u, std::thread::hardware_concurrency() / 2);
  const auto echo = EchoServer::Start(options);
  if (!echo.ok()) return echo.status();
  const std::string address = json{{"grpc", (*echo)->address()}}.dump();
  if (absl::Status s = storage::WriteFileAtomically(process.address_file, address); !s.ok()) {
    return s;
  }
  while (true) pause();  // until killed
}

}  // namespace cloister::bench
