#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/progress.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/publish.h"

namespace cloister::publisher {
namespace {

constexpr char kPublishFooter[] = R"(
Sources are FORMAT:PATH; compressed files (gzip, Zstandard, LZ4, ZIP of one file) are recognised.
  csv              rows whose columns a header names: kind, value, verdict, and as wanted
                   confidence, categories, threat_name, scope, applies_to, first_seen, last_seen,
                   valid_until, product, vendor, version, source
  debian-packages  a Debian Packages index: digest and package URLs of every package
  url domain ip hash list hosts adblock ipsum     lists, one object a line
  urlhaus urlhaus-text urlhaus-hosts malwarebazaar threatfox threatfox-json phishtank
  phishtank-json openphish clamav hash-comments   threat feeds as their publishers write them
  stix misp rpz nsrl hashlookup                   documents, zones and databases
docs/feeds.md says what becomes of a line of each.

Examples:
  cloister-publish publish --repository repo --keys keys --source csv:threats.csv
  cloister-publish publish --repository repo --keys keys --verdict trusted \
      --source debian-packages:/var/lib/apt/lists/deb.debian.org_…_Packages.lz4

All sources together are the new version: what none of them lists any more is removed.
A row that cannot be read is reported and left out; it never stops the others.
)";

constexpr absl::Duration kRootWarning = absl::Hours(24 * 30);

// Reads one source into the sorter.
absl::StatusOr<feeds::FeedReport> ReadSource(const feeds::SourceSpec& source,
                                             const feeds::FeedOptions& options, EntrySorter* sorter,
                                             Progress* progress) {
  absl::StatusOr<std::unique_ptr<feeds::FeedReader>> reader =
      feeds::NewFeedReader(source.format, options);
  if (!reader.ok()) return reader.status();
  progress->Begin(absl::StrCat("reading ", source.path));
  (*reader)->set_progress([progress](uint64_t read) { progress->Tell(read, "lines"); });

  feeds::FeedReport report(absl::StrCat(source.format, ":", source.path));
  // Sources on a command line are trusted alike.
  const uint16_t number = sorter->AddSource(source.path, /*trust=*/0);
  absl::Status read = (*reader)->Read(
      feeds::FeedSource(source.path),
      [sorter, number](const feeds::FeedEntry& entry) { return sorter->Add(entry, number); },
      &report);
  if (read.ok()) return report;
  return absl::Status(read.code(), absl::StrCat(source.path, ": ", read.message()));
}

PublishOptions OptionsFrom(const Arguments& arguments, const Repository& repository,
                           const Console& console, Progress* progress) {
  PublishOptions options;
  options.now = console.now;
  options.lifetimes = Combine(repository.settings().lifetimes, arguments.lifetimes);
  options.minimum_poll_interval = absl::Seconds(arguments.minimum_poll_s);
  options.snapshot = arguments.snapshot;
  options.also_covers = arguments.also_covers;
  options.progress = [progress](uint64_t entries) { progress->Tell(entries, "entries"); };
  return options;
}

void AddSource(const std::string& text, Arguments* arguments) {
  absl::StatusOr<feeds::SourceSpec> source = feeds::ParseSourceSpec(text);
  if (!source.ok()) RefuseOption("--source", source.status());
  arguments->sources.push_back(*std::move(source));
}

void AddSourceOptions(CLI::App* app, Arguments* arguments) {
  app->add_option_function<std::vector<std::string>>(
         "--source",
         [arguments](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) AddSource(text, arguments);
         },
         "FORMAT:PATH, several times if wanted")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app->add_option_function<std::string>(
         "--verdict",
         [arguments](const std::string& text) {
           arguments->verdict = reputation::VerdictFromName(text);
         },
         "Verdict of sources that state none")
      ->check(CLI::IsMember({"malicious", "unwanted", "suspicious", "trusted", "known"}))
      ->default_str("the format's own");
  app->add_option_function<std::vector<std::string>>(
      "--covers",
      [arguments](const std::vector<std::string>& names) {
        absl::StatusOr<reputation::Coverage> coverage = reputation::Coverage::FromNames(names);
        if (!coverage.ok()) RefuseOption("--covers", coverage.status());
        arguments->also_covers = *coverage;
      },
      "Kinds that the feed covers though it may list none just now, such as url or file/sha256");
}

}  // namespace

void AddPublish(CLI::App* app, Arguments* arguments) {
  CLI::App* publish = app->add_subcommand("publish", "Publish a version made from sources");
  publish->footer(kPublishFooter);
  AddRepositoryOption(publish, arguments);
  AddKeysOptions(publish, arguments, "Folder with targets.pem, snapshot.pem and timestamp.pem");
  AddSourceOptions(publish, arguments);
  publish->add_flag("--snapshot", arguments->snapshot,
                    "Publish a snapshot even where a delta would do");
  publish
      ->add_option("--minimum-poll", arguments->minimum_poll_s,
                   "Seconds between two requests of one client, at least")
      ->capture_default_str()
      ->check(CLI::Range(0, 7 * 24 * 3600));
  AddLifetimeOption(publish, "--targets-expires", &arguments->lifetimes.targets, "as at init");
  AddLifetimeOption(publish, "--snapshot-expires", &arguments->lifetimes.snapshot, "as at init");
  AddLifetimeOption(publish, "--timestamp-expires", &arguments->lifetimes.timestamp, "as at init");
  AddOutputOption(publish, arguments);
  SelectCommand(publish, arguments, RunPublish);
}

absl::Status RunPublish(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> opened = Repository::Open(arguments.repository);
  if (!opened.ok()) return opened.status();
  Repository& repository = **opened;
  absl::StatusOr<Published> published = repository.Load(console.now);
  if (!published.ok()) return published.status();
  absl::StatusOr<RoleSigners> signers = KeyRing(arguments.keys).LoadSigners(published->root);
  if (!signers.ok()) return signers.status();

  BuildReport report;
  report.feed = repository.settings().feed;
  {
    Progress progress(console.err, console.err_is_terminal);
    EntrySorter sorter({.directory = repository.building_directory()});
    for (const feeds::SourceSpec& source : arguments.sources) {
      absl::StatusOr<feeds::FeedReport> read =
          ReadSource(source, {.verdict = arguments.verdict}, &sorter, &progress);
      if (!read.ok()) return read.status();
      report.sources.push_back(*std::move(read));
    }
    progress.Begin("sorting");
    absl::StatusOr<std::unique_ptr<SortedEntries>> entries = sorter.Finish();
    if (!entries.ok()) return entries.status();
    report.duplicates = (*entries)->duplicates();

    progress.Begin("writing packs");
    absl::StatusOr<PublishResult> result = Publish(
        repository, *signers, **entries, OptionsFrom(arguments, repository, console, &progress));
    if (!result.ok()) {
      PrintSources(report, console.err);
      return result.status();
    }
    report.result = *std::move(result);
  }
  if (report.result.root_expires - console.now < kRootWarning) {
    console.err
        << "warning: the root expires at " << MetadataTime(report.result.root_expires)
        << ", and no appliance takes anything after that; run: cloister-publish renew-root\n";
  }
  if (arguments.json) {
    PrintJson(report, console.out);
  } else {
    PrintText(report, console.out);
  }
  return absl::OkStatus();
}

}  // namespace cloister::publisher
