#include "sync/worker/command_line.h"

#include <CLI/CLI.hpp>

namespace cloister::worker {
namespace {

constexpr char kDescription[] =
    "cloister-sync fetches signed reputation feeds, checks them and hands them over to cloisterd\n"
    "through the spool directory. It is the only part of Cloister that reaches the outside; it\n"
    "asks for files whose names are public, and knows nothing about lookups.";

constexpr char kFooter[] = R"(
Examples:
  cloister-sync --config /etc/cloister/sync.toml --check-config   is the configuration sound?
  cloister-sync --config /etc/cloister/sync.toml --once           fetch now, print what came
  cloister-sync --config /etc/cloister/sync.toml                  keep fetching (a service)
  cloister-sync --config /etc/cloister/sync.toml --status         how old is what was fetched?

A configuration:
  spool_directory = "/var/spool/cloister"        # exists, owned by the group of cloisterd
  state_directory = "/var/lib/cloister-sync"     # on the same file system
  [[feed]]
  name = "threats"
  url = "https://feeds.example/threats/"         # or "file:///srv/mirror/threats/"
  mirrors = ["https://mirror.example/threats/"]  # asked in this order where the url fails
  root = "/etc/cloister/feeds/threats.root.json" # from the publisher, by a way that you trust

What it knows about each feed is in status.json in the state directory; the log is on standard
error. Exit codes: 0 well; 1 a feed failed (--once, --status), or has no data or only expired ones
(--status); 2 wrong command line or configuration.)";

// The parser beside what it fills.
struct Parser {
  Parser();

  CommandLine result;
  CLI::App app{kDescription, "cloister-sync"};
};

Parser::Parser() {
  app.footer(kFooter);
  app.add_option("--config", result.config, "Configuration file")->type_name("FILE")->required();
  auto* once = app.add_flag("--once", result.once, "Look at every feed once, then end");
  app.add_flag("--check-config", result.check_config,
               "Check the configuration and this machine, fetch nothing")
      ->excludes(once);
  auto* status = app.add_flag("--status", result.status,
                              "Print the state of every feed: age, source, last error, next try");
  status->excludes(once)->excludes("--check-config");
  app.add_flag("--json", result.json, "Print the status as JSON")->needs(status);
  app.set_version_flag("--version", "cloister-sync " CLOISTER_VERSION);
}

}  // namespace

std::optional<CommandLine> ReadCommandLine(int argc, char** argv, int* exit_code) {
  Parser parser;
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = parser.app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  return parser.result;
}

std::shared_ptr<const CLI::App> DescribeCommandLine() {
  auto parser = std::make_shared<Parser>();
  return {parser, &parser->app};
}

}  // namespace cloister::worker
