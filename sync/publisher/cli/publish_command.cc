#include <CLI/CLI.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/publication_build.h"

namespace cloister::publisher {
namespace {

constexpr char kPublishFooter[] = R"(
Sources are FORMAT:PATH; compressed files (gzip, Zstandard, LZ4, ZIP of one file) are recognised.
  csv              rows whose columns a header names: kind, value, verdict, and as wanted
                   confidence, categories, threat_name, scope, applies_to, first_seen, last_seen,
                   valid_until, product, vendor, version, source
  debian-packages  a Debian Packages index: digest and package URLs of every package
  url domain ip hash list hosts adblock wildcard drop rbldnsd dnsmasq unbound ipsum maltrail
                   lists, one object a line
  urlhaus urlhaus-text urlhaus-hosts malwarebazaar threatfox threatfox-json phishtank
  phishtank-json openphish clamav hash-comments   threat feeds as their publishers write them
  stix misp misp-warninglist rpz nsrl hashlookup rpm-packages checksums scoop polkadot stalkerware
                   documents, zones, databases, indexes
docs/feeds.md says what becomes of a line of each.

Examples:
  cloister-publish publish --repository repo --keys keys --source csv:threats.csv
  cloister-publish publish --repository repo --keys keys --verdict trusted \
      --source debian-packages:/var/lib/apt/lists/deb.debian.org_…_Packages.lz4

A table of your own, whose header has other names:
  cloister-publish publish --repository repo --keys keys --source csv:ours.csv \
      --column value=Indicator --column kind=Type --confidence 70 --categories phishing
There are no guards here: what a source lists is published, be it 10.0.0.0/8 or github.com, and a
source that lost most of its lines goes unnoticed. That is for lists of your own. Sources of others,
sources that differ in trust, and those on the web: write a publication, and use the command build.

All sources together are the new version: what none of them lists any more is removed.
A row that cannot be read is reported and left out; it never stops the others.
)";

void AddSource(const std::string& text, Arguments* arguments) {
  absl::StatusOr<feeds::SourceSpec> source = feeds::ParseSourceSpec(text);
  if (!source.ok()) RefuseOption("--source", source.status());
  arguments->sources.push_back(*std::move(source));
}

void AddCategory(const std::string& word, Arguments* arguments) {
  const std::optional<reputation::Category> category = reputation::CategoryFromName(word);
  if (!category.has_value()) {
    throw CLI::ValidationError("--categories", absl::StrCat("no category is called ", word));
  }
  arguments->terms.categories.push_back(*category);
}

void AddColumn(const std::string& text, Arguments* arguments) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (parts.first.empty() || parts.second.empty()) {
    throw CLI::ValidationError(
        "--column", absl::StrCat("give OURS=THEIRS, such as ", "value=Indicator, not ", text));
  }
  arguments->reading.columns[parts.first] = parts.second;
}

void AddSourceOptions(CLI::App* app, Arguments* arguments) {
  app->add_option_function<std::vector<std::string>>(
         "--source",
         [arguments](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) AddSource(text, arguments);
         },
         "FORMAT:FILE, several times if wanted")
      ->type_name("FORMAT:FILE")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app->add_option_function<std::string>(
         "--verdict",
         [arguments](const std::string& text) {
           arguments->terms.verdict = reputation::VerdictFromName(text);
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

void AddTermsOptions(CLI::App* app, Arguments* arguments) {
  app->add_option("--confidence", arguments->terms.confidence,
                  "Confidence of entries that state none, 0 to 100")
      ->check(CLI::Range(0, 100));
  app->add_option_function<std::vector<std::string>>(
         "--categories",
         [arguments](const std::vector<std::string>& words) {
           for (const std::string& word : words) AddCategory(word, arguments);
         },
         "Categories added to those of every entry: malware,phishing …")
      ->delimiter(',');
  app->add_option("--minimum-count", arguments->reading.minimum_count,
                  "Entries that a feed counts sightings of (ipsum) are read from this count on")
      ->check(CLI::Range(1, 1'000'000));
  app->add_option_function<std::vector<std::string>>(
         "--column",
         [arguments](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) AddColumn(text, arguments);
         },
         "OURS=THEIRS: what a table's header calls a column of ours; several times if wanted")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

void AddPublish(CLI::App* app, Arguments* arguments) {
  CLI::App* publish = app->add_subcommand("publish", "Publish a version made from sources");
  publish->footer(kPublishFooter);
  AddRepositoryOption(publish, arguments);
  AddKeysOptions(publish, arguments, "Folder with targets.pem, snapshot.pem and timestamp.pem");
  AddSourceOptions(publish, arguments);
  AddTermsOptions(publish, arguments);
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
  // What a command line says is a publication without a file: nothing is remembered of it.
  Publication publication;
  publication.repository = arguments.repository;
  publication.key_folders = arguments.keys.folders;
  publication.keys = arguments.keys.single;
  publication.passphrase_file = arguments.keys.passphrase_file;
  publication.pin_file = arguments.keys.pin_file;
  publication.minimum_poll_interval = absl::Seconds(arguments.minimum_poll_s);
  publication.also_covers = arguments.also_covers;
  for (const feeds::SourceSpec& spec : arguments.sources) {
    PublicationSource& source = publication.sources.emplace_back();
    source.name = absl::StrCat(spec.format, ":", spec.path);
    source.format = spec.format;
    source.path = spec.path;
    source.reading = arguments.reading;
    source.terms = arguments.terms;
  }
  BuildOptions options;
  options.snapshot = arguments.snapshot;
  return BuildAndReport(publication, options, arguments, console);
}

}  // namespace cloister::publisher
