#include "sync/publisher/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/publisher/cli/duration.h"

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
)";

constexpr char kPublishFooter[] = R"(
Sources are FORMAT:PATH; compressed files (gzip, Zstandard, LZ4) are recognised.
  csv              rows whose columns a header names: kind, value, verdict, and as wanted
                   confidence, categories, threat_name, scope, applies_to, first_seen, last_seen,
                   valid_until, product, vendor, version, source
  debian-packages  a Debian Packages index: digest and package URLs of every package

Examples:
  cloister-publish publish --repository repo --keys keys --source csv:threats.csv
  cloister-publish publish --repository repo --keys keys --verdict trusted \
      --source debian-packages:/var/lib/apt/lists/deb.debian.org_…_Packages.lz4

All sources together are the new version: what none of them lists any more is removed.
A row that cannot be read is reported and left out; it never stops the others.
)";

constexpr char kKeysFooter[] = R"(
Keep root keys apart from the others: only 'init' and 'renew-root' need them.
Example, two of three people needed for the root:
  cloister-publish keys create --out keys --root-keys 3
  cloister-publish init --repository repo --keys keys --feed threats --threshold 2
)";

constexpr char kRefreshFooter[] = R"(
Run it from a timer, more often than the timestamp's lifetime; it needs timestamp.pem only.
Example:
  cloister-publish refresh-timestamp --repository repo --keys keys --timestamp-expires 7d
)";

constexpr char kRenewFooter[] = R"(
Appliances follow from one root to the next by themselves. Bring the root keys for this command,
and lock them away again.
Example:
  cloister-publish renew-root --repository repo --keys /media/safe/keys --root-expires 365d
)";

// Builds the parser around the arguments that it fills.
class Parser {
 public:
  Parser() : app_(kOverview, "cloister-publish") {
    app_.set_version_flag("--version", "cloister-publish " CLOISTER_VERSION);
    app_.footer("\nExit codes: 0 well; 1 failed; 2 wrong command line.");
    app_.require_subcommand(1);
    AddKeys();
    AddInit();
    AddPublish();
    AddRefresh();
    AddRenewRoot();
    AddStatus();
  }

  ParseOutcome Parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return {std::nullopt, code == 0 ? kExitOk : kExitUsage};
    }
    return {arguments_, kExitOk};
  }

 private:
  void AddKeys() {
    CLI::App* keys = app_.add_subcommand("keys", "Make signing keys");
    keys->require_subcommand(1);
    CLI::App* create = keys->add_subcommand(
        "create", "Make root, targets, snapshot and timestamp keys (Ed25519, PEM, mode 0600)");
    create->footer(kKeysFooter);
    create->add_option("--out", arguments_.keys, "Folder to write them to; made if missing")
        ->required();
    create->add_option("--root-keys", arguments_.root_keys, "How many root keys, 1 to 16")
        ->capture_default_str()
        ->check(CLI::Range(1, 16));
    Select(create, Command::kKeysCreate);
  }

  void AddInit() {
    CLI::App* init = app_.add_subcommand("init", "Start the repository of a feed");
    AddRepository(init);
    AddKeysFolder(init, "Folder with all keys; the root key can be locked away afterwards");
    init->add_option("--feed", arguments_.feed, "Name: lower-case letters, digits, '-', '_'")
        ->required();
    init->add_option("--threshold", arguments_.root_threshold,
                     "Signatures that a new root needs, of the root keys that there are")
        ->capture_default_str();
    AddLifetime(init, "--root-expires", &arguments_.lifetimes.root, "365d");
    AddLifetime(init, "--targets-expires", &arguments_.lifetimes.targets, "90d");
    AddLifetime(init, "--snapshot-expires", &arguments_.lifetimes.snapshot, "90d");
    AddLifetime(init, "--timestamp-expires", &arguments_.lifetimes.timestamp, "7d");
    Select(init, Command::kInit);
  }

  void AddPublish() {
    CLI::App* publish = app_.add_subcommand("publish", "Publish a version made from sources");
    publish->footer(kPublishFooter);
    AddRepository(publish);
    AddKeysFolder(publish, "Folder with targets.pem, snapshot.pem and timestamp.pem");
    publish
        ->add_option_function<std::vector<std::string>>(
            "--source",
            [this](const std::vector<std::string>& texts) {
              for (const std::string& text : texts) AddSource(text);
            },
            "FORMAT:PATH, several times if wanted")
        ->required()
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    publish->add_flag("--snapshot", arguments_.snapshot,
                      "Publish a snapshot even where a delta would do");
    publish
        ->add_option_function<std::string>(
            "--verdict", [this](const std::string& text) { SetVerdict(text); },
            "Verdict of sources that state none")
        ->check(CLI::IsMember({"known", "trusted"}))
        ->default_str("known");
    publish->add_option_function<std::vector<std::string>>(
        "--covers", [this](const std::vector<std::string>& names) { SetCoverage(names); },
        "Kinds that the feed covers though it may list none just now, such as url or file/sha256");
    publish
        ->add_option("--minimum-poll", arguments_.minimum_poll_s,
                     "Seconds between two requests of one client, at least")
        ->capture_default_str()
        ->check(CLI::Range(0, 7 * 24 * 3600));
    AddLifetime(publish, "--targets-expires", &arguments_.lifetimes.targets, "as at init");
    AddLifetime(publish, "--snapshot-expires", &arguments_.lifetimes.snapshot, "as at init");
    AddLifetime(publish, "--timestamp-expires", &arguments_.lifetimes.timestamp, "as at init");
    AddOutput(publish);
    Select(publish, Command::kPublish);
  }

  void AddRefresh() {
    CLI::App* refresh = app_.add_subcommand(
        "refresh-timestamp", "Vouch again for what is published, so that it does not expire");
    refresh->footer(kRefreshFooter);
    AddRepository(refresh);
    AddKeysFolder(refresh, "Folder with timestamp.pem");
    AddLifetime(refresh, "--timestamp-expires", &arguments_.lifetimes.timestamp, "as at init");
    Select(refresh, Command::kRefreshTimestamp);
  }

  void AddRenewRoot() {
    CLI::App* renew = app_.add_subcommand(
        "renew-root", "Sign the root again before it expires, with the keys that it has");
    renew->footer(kRenewFooter);
    AddRepository(renew);
    AddKeysFolder(renew, "Folder with the root keys");
    AddLifetime(renew, "--root-expires", &arguments_.lifetimes.root, "as at init");
    Select(renew, Command::kRenewRoot);
  }

  void AddStatus() {
    CLI::App* status = app_.add_subcommand("status", "Verify a repository and show what it offers");
    AddRepository(status);
    AddOutput(status);
    Select(status, Command::kStatus);
  }

  void AddRepository(CLI::App* app) {
    app->add_option("--repository", arguments_.repository, "Folder of the repository")->required();
  }

  void AddKeysFolder(CLI::App* app, const std::string& help) {
    app->add_option("--keys", arguments_.keys, help)->required();
  }

  void AddOutput(CLI::App* app) {
    app->add_option_function<std::string>(
           "--output", [this](const std::string& text) { arguments_.json = text == "json"; },
           "How to print the outcome")
        ->check(CLI::IsMember({"text", "json"}))
        ->default_str("text");
  }

  static void AddLifetime(CLI::App* app, const std::string& name,
                          std::optional<absl::Duration>* lifetime, const std::string& usual) {
    app->add_option_function<std::string>(
           name,
           [name, lifetime](const std::string& text) {
             absl::StatusOr<absl::Duration> parsed = ParseLifetime(text);
             if (!parsed.ok()) Refuse(name, parsed.status());
             *lifetime = *parsed;
           },
           "How long the signature is good for: 3600s, 12h, 7d …")
        ->default_str(usual);
  }

  void AddSource(const std::string& text) {
    absl::StatusOr<SourceSpec> source = ParseSourceSpec(text);
    if (!source.ok()) Refuse("--source", source.status());
    arguments_.sources.push_back(*std::move(source));
  }

  void SetVerdict(const std::string& text) {
    arguments_.verdict = reputation::VerdictFromName(text).value_or(reputation::Verdict::kKnown);
  }

  void SetCoverage(const std::vector<std::string>& names) {
    absl::StatusOr<reputation::Coverage> coverage = reputation::Coverage::FromNames(names);
    if (!coverage.ok()) Refuse("--covers", coverage.status());
    arguments_.also_covers = *coverage;
  }

  [[noreturn]] static void Refuse(const std::string& name, const absl::Status& status) {
    throw CLI::ValidationError(name, std::string(status.message()));
  }

  void Select(CLI::App* app, Command command) {
    app->callback([this, command] { arguments_.command = command; });
  }

  Arguments arguments_;
  CLI::App app_;
};

}  // namespace

ParseOutcome ParseArguments(int argc, const char* const* argv) {
  return Parser().Parse(argc, argv);
}

}  // namespace cloister::publisher
