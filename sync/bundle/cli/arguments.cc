#include "sync/bundle/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cloister::bundle {
namespace {

constexpr uint64_t kMaxVersion = uint64_t{1} << 53;  // that JSON holds exactly

constexpr char kOverview[] =
    R"(Makes and looks at offline bundles: a tar file with the signed files of feeds, for machines
that no network reaches. No signing key is needed, and none is ever asked for.

  cloister-bundle create --from /srv/feeds/threats --out threats.bundle
  cloister-bundle create --from /var/spool/cloister --since 40 --out since-40.bundle
  cloister-bundle inspect threats.bundle
  cloister-bundle verify threats.bundle --root threats=threats.root.json
  cloister-bundle diff threats.bundle --against /var/spool/cloister
)";

constexpr char kFooter[] = R"(
Import one with 'cloister bundle import FILE', or put it into a folder that cloister-sync watches
([import] folders in its configuration).

Exit codes: 0 well; 1 refused or failed; 2 wrong command line; 3 verify: authentic, but expired.)";

constexpr char kCreateFooter[] = R"(
--from is one of
  a repository   metadata/ and targets/, as cloister-publish writes them
  a spool        of an appliance: what cloister-sync handed over there
  a mirror       as cloister-sync keeps one (mirror_directory)
Everything is verified before it is packed. Without --root the oldest root in the source is
trusted, which proves that the source is whole, not who made it; receivers verify with the root
that they have.

--since N packs only what a receiver with version N lacks; without it a bundle is from nothing.
Feeds count their versions each by itself: --since FEED=N says it for one. Of several feeds, those
that have nothing new are left out.

Examples:
  cloister-bundle create --from repo --root threats.root.json --out threats.bundle
  cloister-bundle create --from /var/spool/cloister --feed threats --feed nsrl --out both.bundle
  cloister-bundle create --from /srv/mirror --since threats=40 --since nsrl=7 --out b.bundle)";

constexpr char kVerifyFooter[] = R"(
Checks everything that cloister-sync checks, with the root that you give for each feed, and every
entry of every pack; a bundle from nothing also against the signed digest of its contents.
Unpacks to --work-dir for a while.

Example:
  cloister-bundle verify both.bundle --root threats=threats.root.json --root nsrl=nsrl.root.json)";

constexpr char kDiffFooter[] = R"(
Says how many records FILE would change, by verdict: "3 trusted become malicious".

Examples:
  cloister-bundle diff new.bundle old.bundle
  cloister-bundle diff new.bundle --against /var/spool/cloister)";

// Builds the parser around the arguments that it fills.
class Parser {
 public:
  Parser() : app_(kOverview, "cloister-bundle") {
    app_.set_version_flag("--version", "cloister-bundle " CLOISTER_VERSION);
    app_.require_subcommand(1);
    const char* temporary = std::getenv("TMPDIR");
    arguments_.work_directory = temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary;
    AddCreate();
    AddInspect();
    AddVerify();
    AddDiff();
    app_.footer(kFooter);
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

  const CLI::App& app() const { return app_; }

 private:
  void AddCreate() {
    CLI::App* create = app_.add_subcommand("create", "Pack feeds into a bundle");
    create->footer(kCreateFooter);
    create->add_option("--from", arguments_.from, "Repository, spool or mirror")
        ->type_name("FOLDER")
        ->required();
    create->add_option("--out", arguments_.out, "The bundle to write")
        ->type_name("FILE")
        ->required();
    create->add_option("--feed", arguments_.feeds, "Only this feed; several times if wanted")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    create
        ->add_option_function<std::vector<std::string>>(
            "--since",
            [this](const std::vector<std::string>& texts) {
              for (const std::string& text : texts) AddSince(text);
            },
            "Version that receivers have already, of one feed or of all not named")
        ->type_name("[FEED=]N")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    AddRoot(create, "");
    create->add_flag("--zstd", arguments_.zstandard,
                     "Compress; packs are made of hashes and hardly get smaller");
    create->add_flag("--force", arguments_.force, "Replace a file of that name");
    AddOutput(create);
    Select(create, Command::kCreate);
  }

  void AddInspect() {
    CLI::App* inspect =
        app_.add_subcommand("inspect", "Show what a bundle says of itself, without verifying it");
    AddFile(inspect);
    inspect->add_flag("--members", arguments_.members, "List its files, too");
    AddOutput(inspect);
    Select(inspect, Command::kInspect);
  }

  void AddVerify() {
    CLI::App* verify = app_.add_subcommand("verify", "Verify a bundle, as an appliance would");
    verify->footer(kVerifyFooter);
    AddFile(verify);
    AddRoot(verify, "Needed for each feed. ");
    AddWorkDirectory(verify);
    AddOutput(verify);
    Select(verify, Command::kVerify);
  }

  void AddDiff() {
    CLI::App* diff = app_.add_subcommand("diff", "Say what a bundle would change");
    diff->footer(kDiffFooter);
    AddFile(diff);
    CLI::Option* other =
        diff->add_option("OTHER", arguments_.other, "The older bundle")->type_name("FILE");
    CLI::Option* against =
        diff->add_option("--against", arguments_.against, "Repository, spool or mirror")
            ->type_name("FOLDER");
    other->excludes(against);
    AddRoot(diff, "");
    AddWorkDirectory(diff);
    AddOutput(diff);
    diff->callback([this] {
      arguments_.command = Command::kDiff;
      if (!arguments_.other.empty() || !arguments_.against.empty()) return;
      throw CLI::ValidationError("diff", "name another bundle, or a folder with --against");
    });
  }

  void AddFile(CLI::App* app) {
    app->add_option("FILE", arguments_.file, "The bundle")->type_name("FILE")->required();
  }

  void AddRoot(CLI::App* app, const std::string& more) {
    app->add_option_function<std::vector<std::string>>(
           "--root",
           [this](const std::vector<std::string>& texts) {
             for (const std::string& text : texts) AddRootFile(text);
           },
           more + "Root metadata to trust, FEED=FILE, or FILE where there is one feed")
        ->type_name("[FEED=]FILE")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void AddRootFile(const std::string& text) {
    const size_t equals = text.find('=');
    const bool named = equals != std::string::npos && text.find('/') > equals;
    const std::string feed = named ? text.substr(0, equals) : "";
    const std::string path = named ? text.substr(equals + 1) : text;
    if (!arguments_.roots.emplace(feed, path).second) {
      throw CLI::ValidationError("--root", absl::StrCat("two roots for ", named ? feed : "one feed",
                                                        "; write --root FEED=FILE for each feed"));
    }
  }

  void AddSince(const std::string& text) {
    const size_t equals = text.find('=');
    const std::string feed = equals == std::string::npos ? "" : text.substr(0, equals);
    const std::string number = equals == std::string::npos ? text : text.substr(equals + 1);
    uint64_t version = 0;
    if (!absl::SimpleAtoi(number, &version) || version == 0 || version > kMaxVersion ||
        equals == 0) {
      throw CLI::ValidationError(
          "--since", absl::StrCat("\"", text, "\": write a version from 1 on, or FEED=N"));
    }
    if (!arguments_.since.emplace(feed, version).second) {
      throw CLI::ValidationError("--since",
                                 absl::StrCat("two versions for ", feed.empty() ? "all" : feed));
    }
  }

  void AddWorkDirectory(CLI::App* app) {
    app->add_option("--work-dir", arguments_.work_directory,
                    "Where to unpack; needs as much space as the bundle")
        ->type_name("FOLDER")
        ->capture_default_str();
  }

  void AddOutput(CLI::App* app) {
    app->add_option_function<std::string>(
           "--output", [this](const std::string& text) { arguments_.json = text == "json"; },
           "How to print the outcome")
        ->check(CLI::IsMember({"text", "json"}))
        ->default_str("text");
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

std::shared_ptr<const CLI::App> DescribeCommandLine() {
  auto parser = std::make_shared<Parser>();
  return {parser, &parser->app()};
}

}  // namespace cloister::bundle
