#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/publication_build.h"

namespace cloister::publisher {
namespace {

constexpr char kBuildFooter[] = R"(
FILE describes a publication: where its sources are, how they are read, what they are worth, what
must never be condemned, and who signs. docs/publication.md explains it; deploy/publication.toml
shows every setting.

A build fetches what changed, reads every source, applies its terms, stops what guards stop, merges
what is left and publishes it: as a delta if that is smaller. The report says what became of every
line. If nothing changed, nothing is published.

A line that cannot be read costs itself alone. A source that cannot be had or read, or that lost
most of its entries since the last version, ends the build: nothing is published, and what was
published stays.

Examples:
  cloister-publish build publication.toml --dry-run     what would it come to?
  cloister-publish build publication.toml
  cloister-publish build publication.toml --accept-loss urlhaus     it did shrink, and that is right
  cloister-publish build publication.toml --json | jq .sources[].rejections
  cloister-publish build publication.toml --report /var/lib/node_exporter/build.json

Exit codes: 0 published, or nothing had changed; 1 nothing was published; 2 wrong command line.
)";

}  // namespace

void AddBuild(CLI::App* app, Arguments* arguments) {
  CLI::App* build = app->add_subcommand(
      "build", "Publish a version made from what a publication's file describes");
  build->footer(kBuildFooter);
  build->add_option("FILE", arguments->publication_file, "The publication's file")
      ->type_name("FILE")
      ->required();
  build->add_flag("--dry-run", arguments->dry_run,
                  "Read and report, but publish and remember nothing; needs no keys");
  build
      ->add_option_function<std::vector<std::string>>(
          "--accept-loss",
          [arguments](const std::vector<std::string>& names) {
            arguments->accept_loss.insert(names.begin(), names.end());
          },
          "Source that may have lost any share of its entries, this once; several times if wanted")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  build->add_flag("--accept-stale", arguments->accept_stale,
                  "Sources that cannot be fetched are read from their last copies, however old");
  build->add_flag("--snapshot", arguments->snapshot,
                  "Publish a snapshot even where a delta would do");
  build
      ->add_option("--report", arguments->report_file,
                   "File for the report as JSON, written whatever comes of the build")
      ->type_name("FILE");
  AddOutputOption(build, arguments);
  build->add_flag("--json", arguments->json, "The same as --output json");
  SelectCommand(build, arguments, RunBuild);
}

absl::Status RunBuild(const Arguments& arguments, const Console& console) {
  absl::StatusOr<Publication> publication = ReadPublication(arguments.publication_file);
  if (!publication.ok()) return publication.status();
  BuildOptions options;
  options.dry_run = arguments.dry_run;
  options.accept_loss = arguments.accept_loss;
  options.accept_stale = arguments.accept_stale;
  options.snapshot = arguments.snapshot;
  return BuildAndReport(*publication, options, arguments, console);
}

}  // namespace cloister::publisher
