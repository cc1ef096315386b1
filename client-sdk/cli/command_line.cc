#include "client-sdk/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/things.h"

namespace cloister::cli {
namespace {

constexpr char kAbout[] =
    "Asks a Cloister server about files, URLs, hosts, IP addresses and software, and operates it.\n"
    "\n"
    "The server is found by --server, the certificates by --ca, --certificate and --key, or by "
    "the\n"
    "environment variables named beside them.";

constexpr char kMore[] =
    "Examples:\n"
    "  cloister lookup invoice.zip                       hash a file and ask about it\n"
    "  cloister lookup 'hxxp://bad[.]example/login'      a URL, defanged or not\n"
    "  cloister lookup pkg:deb/debian/curl@7.88.1-10     a package\n"
    "  cloister lookup - < indicators.txt                many, one a line\n"
    "  cloister --output json lookup 192.0.2.77 | jq .answers[0].verdict\n"
    "  cloister explain http://example.com/x             why it is answered so\n"
    "  cloister feeds                                    what serves, what waits, what to do\n"
    "  cloister feeds rollback threats --reason 'bad'    back to the version before\n"
    "  cloister override set example.com --verdict trusted --reason 'ours' --valid-for 30d\n"
    "  cloister override import hash:bad.txt --reason 'CERT 4711'   a list, as feeds have them\n"
    "\n"
    "Exit codes:\n"
    "   0  done; lookup: trusted, known or not listed\n"
    "   2  the command line or an object on it cannot be understood\n"
    "   3  the server cannot be reached, or does not answer in time\n"
    "   4  a certificate is unusable, or the server refuses this client\n"
    "   5  any other failure; audit: the trail was altered; verify: something is not sound\n"
    "   6  override import: some of the list was left out, the rest is set\n"
    "  10  lookup: malicious        11  lookup: unwanted      12  lookup: suspicious\n"
    "  13  lookup: not covered      14  lookup: partial\n"
    "Of several objects the gravest decides: 10, 11, 12, 5, 4, 3, 2, 14, 13, 0.\n"
    "\n"
    "With --output json a command prints one JSON document. Fields are named as in\n"
    "proto/cloister/v1, values of enums in lower case; lookup prints {\"answers\": [...]}.";

constexpr char kMoreOfACommand[] =
    "\nHow to name server and certificates, exit codes and examples: cloister --help";

void AddGlobalOptions(CLI::App* app, GlobalOptions* options) {
  app->add_option("--server", options->server, "host:port, or unix:/path")
      ->envname("CLOISTER_SERVER")
      ->capture_default_str();
  app->add_option("--ca", options->tls.ca, "PEM file: whom the server's certificate comes from")
      ->type_name("FILE")
      ->envname("CLOISTER_CA");
  app->add_option("--certificate", options->tls.certificate, "PEM file: this client's certificate")
      ->type_name("FILE")
      ->envname("CLOISTER_CERTIFICATE");
  app->add_option("--key", options->tls.key, "PEM file: its private key")
      ->type_name("FILE")
      ->envname("CLOISTER_KEY");
  app->add_option("--server-name", options->tls.server_name,
                  "name to expect in the server's certificate, if not the host in --server")
      ->envname("CLOISTER_SERVER_NAME");
  app->add_flag("--plaintext", options->plaintext,
                "speak without TLS; loopback and unix sockets only");
  app->add_option("--timeout", options->timeout,
                  "how long to wait for each call: 500ms, 5s, 2m; a day for verify and the like")
      ->each([options](const std::string&) { options->timeout_given = true; })
      ->capture_default_str();
  app->add_option("--output", options->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

std::string Mistake(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (!unknown.empty()) {
    return absl::StrCat("\"", unknown.front(), "\" is not understood here; see cloister --help");
  }
  return absl::StrCat(error.what(), "; see cloister --help");
}

void AddCommands(CLI::App* app, Session* session) {
  app->footer(kMoreOfACommand);  // the commands added below take it over
  app->set_version_flag("--version", "cloister " CLOISTER_VERSION);
  app->require_subcommand(1);
  app->fallthrough();
  AddGlobalOptions(app, &session->options());
  AddLookup(app, session);
  AddUrls(app, session);
  AddExplain(app, session);
  AddStatus(app, session);
  AddFeeds(app, session);
  AddVerify(app, session);
  AddOverride(app, session);
  AddAudit(app, session);
  AddBundle(app, session);
  app->footer(kMore);
}

}  // namespace

std::optional<ObjectKind> ObjectOptions::forced_kind() const { return KindFromName(kind); }

Context ObjectOptions::stated_context() const {
  return ContextFromName(context).value_or(Context::kAny);
}

void AddKindOption(CLI::App* command, ObjectOptions* options) {
  command->add_option("--kind", options->kind, "what THING is, instead of guessing")
      ->check(CLI::IsMember({"file", "url", "host", "ip", "software"}));
}

void AddContextOption(CLI::App* command, ObjectOptions* options) {
  command->add_option("--context", options->context, "where it was met")
      ->check(CLI::IsMember({"any", "url_host", "sender_domain", "smtp_client", "c2"}));
}

void SetObject(const Object& object, v1::Object* message) {
  message->set_kind(static_cast<v1::ObjectKind>(object.kind));
  message->set_text(object.text);
}

std::string ObjectText(const std::string& input, const Object& object, bool hashed,
                       const std::string& canonical) {
  const std::string kind(Name(object.kind));
  const std::string text = Printable(canonical.empty() ? object.text : canonical);
  if (!hashed) return absl::StrCat(kind, " ", text);
  return absl::StrCat(kind, " ", Printable(input), "  sha256 ", text);
}

int Run(int argc, const char* const* argv, Session* session) {
  CLI::App app(kAbout, "cloister");
  AddCommands(&app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version, session->out(), session->out());
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(session->Fail(ExitCode::kUsage, Mistake(app, error)));
  }
  if (const absl::Status status = session->SetTimeout(); !status.ok()) {
    return static_cast<int>(
        session->Fail(ExitCode::kUsage, absl::StrCat("--timeout: ", status.message())));
  }
  return static_cast<int>(session->command());
}

std::shared_ptr<const CLI::App> DescribeCommandLine() {
  struct Described {
    Session session{&std::cin, Terminal{&std::cout, false}, &std::cerr};
    CLI::App app{kAbout, "cloister"};
  };
  auto described = std::make_shared<Described>();
  AddCommands(&described->app, &described->session);
  return {described, &described->app};
}

}  // namespace cloister::cli
