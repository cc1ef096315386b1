#include "sync/publisher/cli/arguments.h"

#include <CLI/CLI.hpp>

#include "sync/publisher/cli/commands.h"

namespace cloister::publisher {
namespace {

constexpr char kOverview[] =
    R"(Turns feeds into signed repositories that cloister-sync fetches.

A first feed, from nothing:
  cloister-publish keys create --out keys
  cloister-publish init --repository repo --keys keys --feed threats
  cloister-publish publish --repository repo --keys keys --source csv:threats.csv
Then serve the folder 'repo' with any static file server, and give repo/metadata/1.root.json to
the appliances by a way that you trust.

From many sources, with what they are worth, written down in a file (docs/publication.md):
  cloister-publish check publication.toml
  cloister-publish build publication.toml
)";

// The parser beside the arguments that it fills.
struct CommandLine {
  CommandLine();

  Arguments arguments;
  CLI::App app{kOverview, "cloister-publish"};
};

CommandLine::CommandLine() {
  app.set_version_flag("--version", "cloister-publish " CLOISTER_VERSION);
  app.footer("\nExit codes: 0 well; 1 failed; 2 wrong command line.");
  app.require_subcommand(1);
  AddKeysCommands(&app, &arguments);
  AddInit(&app, &arguments);
  AddSignRoot(&app, &arguments);
  AddPublish(&app, &arguments);
  AddBuild(&app, &arguments);
  AddCheck(&app, &arguments);
  AddRun(&app, &arguments);
  AddDelta(&app, &arguments);
  AddRefreshTimestamp(&app, &arguments);
  AddRenewRoot(&app, &arguments);
  AddStatus(&app, &arguments);
  AddVerify(&app, &arguments);
}

}  // namespace

ParseOutcome ParseArguments(int argc, const char* const* argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = line.app.exit(error);
    return {std::nullopt, code == 0 ? kExitOk : kExitUsage};
  }
  return {line.arguments, kExitOk};
}

std::shared_ptr<const CLI::App> DescribeCommandLine() {
  auto line = std::make_shared<CommandLine>();
  return {line, &line->app};
}

}  // namespace cloister::publisher
