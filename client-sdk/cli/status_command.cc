// cloister status

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client-sdk/cli/commands.h"

namespace cloister::cli {
namespace {

void Print(const Terminal& terminal, const std::string& server,
           const v1::GetStatusResponse& status) {
  const absl::Time started = absl::FromUnixSeconds(status.started_at().seconds());
  const auto running = absl::ToChronoSeconds(absl::Now() - started);
  const auto line = [&](absl::string_view name, const std::string& value) {
    *terminal.out << terminal.Paint(Colour::kFaint, absl::StrFormat("%-14s", name))
                  << Printable(value) << "\n";
  };
  line("server", absl::StrCat("cloisterd ", status.server_version(), " at ", server));
  line("running", absl::StrCat(DurationText(running), ", since ", TimeText(started)));
  line("feeds", status.all_feeds_serving() ? "all serve" : "not all serve: see cloister feeds");
  line("generation", absl::StrCat(status.generation()));
  line("overrides", absl::StrCat(status.overrides()));
  line("audit trail", absl::StrCat(status.audit_entries(), " entries"));
  line("data", status.data_directory());
  line("configuration", status.configuration_file());
  line("metrics", status.metrics_address().empty() ? "off" : status.metrics_address());
  line("your role", status.caller_role());
}

ExitCode Status(Session* session) {
  v1::GetStatusResponse status;
  ExitCode code = ExitCode::kOk;
  if (!session->Call(&v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), &status, &code)) {
    return code;
  }
  if (session->options().json()) {
    session->out() << ToText(JsonOf(status));
  } else {
    Print(session->terminal(), session->options().server, status);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddStatus(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand("status", "Say how the server is");
  command->callback([session] { session->command = [session] { return Status(session); }; });
}

}  // namespace cloister::cli
