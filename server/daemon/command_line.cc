#include "server/daemon/command_line.h"

#include "CLI/CLI.hpp"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::server {
namespace {

constexpr int kUsageError = 2;

constexpr char kAbout[] =
    "Answers reputation lookups over gRPC from a local database, which it keeps up to date from\n"
    "the folder that cloister-sync writes to. It opens no outgoing connection.";

constexpr char kMore[] =
    R"(A configuration that serves one feed to one gateway:

  data_directory = "/var/lib/cloister"
  spool_directory = "/var/spool/cloister"
  [listen]
  address = "0.0.0.0:7447"           # or "unix:/run/cloister/cloister.sock"
  [tls]
  certificate = "server.pem"         # paths start at the configuration's folder
  key = "server.key"
  client_ca = "clients-ca.pem"
  [[identity]]
  name = "gateway-1.example.org"     # a name in the client's certificate
  role = "gateway"                   # or "operator"
  [[feed]]
  name = "threats"
  root = "threats.root.json"         # where trust in the feed starts

Signals: SIGTERM and SIGINT drain and end. Certificates are read again by themselves.
Exit codes: 0 ended as told, 1 could not start, 2 wrong arguments or configuration.)";

// The parser beside what it fills.
struct Parser {
  Parser();

  CommandLine line;
  CLI::App app{kAbout, "cloisterd"};
};

Parser::Parser() {
  app.footer(kMore);
  app.set_version_flag("--version", std::string("cloisterd ") + CLOISTER_VERSION);
  app.add_option("--config", line.configuration, "Configuration file")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--check-config", line.check_config,
               "Check the configuration and the files it names, say what is wrong, and end");
  app.add_option("--address-file", line.address_file,
                 "Once serving, write the addresses there as JSON, for callers of port 0")
      ->type_name("FILE");
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  Parser parser;
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parser.line.exit_code = parser.app.exit(error) == 0 ? 0 : kUsageError;
  }
  return parser.line;
}

std::shared_ptr<const CLI::App> DescribeCommandLine() {
  auto parser = std::make_shared<Parser>();
  return {parser, &parser->app};
}

absl::Status WriteAddressFile(const std::string& path, const Daemon::Addresses& addresses) {
  const nlohmann::json json = {{"grpc", addresses.grpc}, {"metrics", addresses.metrics}};
  return storage::WriteFileAtomically(path, json.dump() + "\n", 0644);
}

}  // namespace cloister::server
