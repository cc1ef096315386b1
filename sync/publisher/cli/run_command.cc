#include <CLI/CLI.hpp>

#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/output.h"
#include "sync/publisher/cli/publication_build.h"
#include "sync/publisher/daemon/daemon.h"
#include "sync/publisher/daemon/daemon_status.h"
#include "sync/publisher/daemon/log.h"
#include "sync/publisher/daemon/signals.h"

namespace cloister::publisher {
namespace {

constexpr char kRunFooter[] = R"(
A service for a publication's file (docs/publication.md, deploy/cloister-publish.service). It looks
at the sources at schedule.interval_s, builds a version when one changed, and signs the timestamp
again before it expires, but only for as long as it could read the sources within their
use_last_copy_for_h. What fails is told, tried again, and leaves what is published alone.

Keys are opened once, at the start. The log is on standard error; what the service knows is in
status.json in the state directory, the report of its last build in report.json.

Signals: SIGHUP reads FILE again and looks at the sources; SIGTERM ends, at any moment safely.

Examples:
  cloister-publish run publication.toml
  cloister-publish run publication.toml --log-format json
  cloister-publish run publication.toml --status      how old is what it publishes? what failed?

Exit codes: 0 ended by a signal, or (--status) all is well; 1 it cannot start, or something failed;
2 wrong command line.
)";

absl::Status PrintDaemonStatus(const Arguments& arguments, const Console& console) {
  const absl::StatusOr<Publication> publication = ReadPublication(arguments.publication_file);
  if (!publication.ok()) return publication.status();
  const DaemonStatus status = ReadDaemonStatus(DaemonStatusPath(*publication));
  if (status.last_build == absl::InfinitePast()) {
    return absl::NotFoundError("nothing was built yet; start the service: cloister-publish run");
  }
  console.out << DaemonStatusText(status, console.now);
  if (status.error.empty() && status.vouching_error.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError("not all is well; see above");
}

}  // namespace

void AddRun(CLI::App* app, Arguments* arguments) {
  CLI::App* run =
      app->add_subcommand("run", "Keep publishing as the sources of a publication change");
  run->footer(kRunFooter);
  run->add_option("FILE", arguments->publication_file, "The publication's file")
      ->type_name("FILE")
      ->required();
  run->add_flag("--status", arguments->daemon_status,
                "Print what the service that runs, or ran last, knows, and end");
  run->add_option_function<std::string>(
         "--log-format",
         [arguments](const std::string& text) { arguments->json_log = text == "json"; },
         "How to write the log")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
  SelectCommand(run, arguments, RunDaemon);
}

absl::Status RunDaemon(const Arguments& arguments, const Console& console) {
  if (arguments.daemon_status) return PrintDaemonStatus(arguments, console);
  SetUpLog(arguments.json_log);
  const UnlockKeys unlock = [](const Publication& publication, const trust::Root& root) {
    return KeyRing(KeysOf(publication)).LoadSigners(root);
  };
  const auto daemon = Daemon::Start(arguments.publication_file, unlock, BuildReportJson);
  if (!daemon.ok()) return daemon.status();
  Signals signals;  // after keys were asked for at a terminal, where SIGINT ends the asking
  (*daemon)->Run(signals);
  return absl::OkStatus();
}

}  // namespace cloister::publisher
