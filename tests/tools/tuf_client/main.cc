// A client of The Update Framework for whoever wants to test this project's implementation of it:
// the same library that the appliance uses, behind the command line of the public conformance
// suite.

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "absl/time/time.h"
#include "tests/tools/tuf_client/commands.h"

namespace {

using cloister::tuf_client::Arguments;

constexpr char kOverview[] = R"(A client of The Update Framework 1.0, for conformance tests.

  tuf_client --metadata-dir DIR init TRUSTED_ROOT
  tuf_client --metadata-dir DIR --metadata-url URL refresh
  tuf_client --metadata-dir DIR --metadata-url URL --target-name PATH \
      --target-base-url URL --target-dir DIR download
)";

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  absl::Status outcome;
  const auto now = [] { return absl::FromChrono(std::chrono::system_clock::now()); };
  CLI::App app(kOverview, "tuf_client");
  app.footer("\nExit codes: 0 well; 1 anything else.");
  app.require_subcommand(1);
  app.fallthrough();  // options may stand before the command or after it
  app.add_option("--metadata-dir", arguments.metadata_dir, "Where trusted metadata are kept")
      ->required();
  auto* metadata_url =
      app.add_option("--metadata-url", arguments.metadata_url, "Where a repository's metadata are");
  auto* target_name = app.add_option("--target-name", arguments.target_names,
                                     "Path of a target, several times if wanted")
                          ->expected(1)
                          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  auto* target_base_url = app.add_option("--target-base-url", arguments.target_base_url,
                                         "Where a repository's targets are");
  auto* target_dir = app.add_option("--target-dir", arguments.target_dir, "Where targets go");
  CLI::App* init = app.add_subcommand("init", "Trust a root");
  init->add_option("TRUSTED_ROOT", arguments.trusted_root, "The root's file")->required();
  CLI::App* refresh = app.add_subcommand("refresh", "Bring trusted metadata up to date");
  refresh->needs(metadata_url);
  CLI::App* download = app.add_subcommand("download", "The same, and fetch targets");
  download->needs(metadata_url)->needs(target_name)->needs(target_base_url)->needs(target_dir);
  init->final_callback([&] { outcome = Init(arguments); });
  refresh->final_callback([&] { outcome = Refresh(arguments, now()); });
  download->final_callback([&] { outcome = Download(arguments, now()); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (outcome.ok()) return 0;
  std::cerr << "tuf_client: " << outcome.message() << "\n";
  return 1;
}
